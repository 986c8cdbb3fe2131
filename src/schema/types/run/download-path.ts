/** Returns the path of a file's download, as Nautobot's REST API has it. */
export const downloadPath = (id: string) => `/api/extras/file-proxies/${id}/download/`;

const PATH = /^\/api\/extras\/file-proxies\/([^/]+)\/download\/?$/;

/** Returns the id of the file that a path downloads; undefined for any other path. */
export function fileOfPath(pathname: string): string | undefined {
  return PATH.exec(pathname)?.[1];
}

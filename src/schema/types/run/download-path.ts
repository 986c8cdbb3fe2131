/** Where a file is downloaded, below the server's address: where Nautobot's REST API has it. */
export const downloadPath = (id: string) => `/api/extras/file-proxies/${id}/download/`;

const PATH = /^\/api\/extras\/file-proxies\/([^/]+)\/download\/?$/;

/** The id in a path where a file is downloaded; undefined for any other path. */
export function fileOfPath(pathname: string): string | undefined {
  return PATH.exec(pathname)?.[1];
}

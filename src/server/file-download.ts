import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { Viewer } from "../access/authenticate.ts";
import { mayOn } from "../access/rights.ts";
import type { Database } from "../entities/database.ts";
import { FileProxy } from "../entities/index.ts";
import { AppError } from "../errors.ts";
import type { Runner } from "../runner/index.ts";
import { DATA_HEADERS } from "./safe-headers.ts";

/** Dependencies of downloads. */
interface DownloadDeps {
  database: Database;
  runner: Runner;
}

/**
 * Answers with the content of a file that the user may view.
 * @throws {@link AppError} NOT_FOUND; BAD_USER_INPUT for other methods than GET and HEAD.
 */
export async function sendFile(
  { database, runner }: DownloadDeps,
  { rights }: Viewer,
  id: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") throw new AppError("BAD_USER_INPUT", "Download a file with GET.");
  const file = (await mayOn(database, rights, "view", FileProxy, id)) ? await runner.openFile(id) : undefined;
  if (!file) throw new AppError("NOT_FOUND", `There is no file with id "${id}", or its content is gone.`);
  try {
    response.writeHead(200, {
      "content-type": "application/octet-stream",
      "content-length": file.size,
      "content-disposition": disposition(file.name),
      ...DATA_HEADERS,
      "cache-control": "private",
    });
    if (request.method === "HEAD") response.end();
    else await pipeline(file.handle.createReadStream({ autoClose: false, end: Math.max(file.size - 1, 0) }), response);
  } catch (error) {
    // The client went away, and nobody reads an error.
    if ((error as NodeJS.ErrnoException).code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
  } finally {
    await file.handle.close();
  }
}

/** RFC 6266: the name in ASCII for old clients, and as it is. */
function disposition(name: string): string {
  const ascii = name.replaceAll(/[^\u0020-\u007e]|["\\%]/gu, "_");
  const encoded = encodeURIComponent(name).replaceAll(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

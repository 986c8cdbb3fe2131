import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { DATA_HEADERS, PAGE_HEADERS } from "./safe-headers.ts";

/** The folder in which `npm run build` puts the page: `dist/graphiql`, seen from `dist/schema` as from `src/schema`. */
const ROOT = fileURLToPath(new URL("../../dist/graphiql", import.meta.url));

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".ttf": "font/ttf",
  ".woff2": "font/woff2",
};

/** The page takes code and data from this server alone, and stands in no frame. Its editor writes styles into the page, and starts workers. */
const POLICY = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "font-src 'self' data:",
    "img-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
};

/** Serves the GraphiQL page to a browser at `GET /graphql`, and its files. Returns false for a request that is not for it. */
export async function serveGraphiql(
  pathname: string,
  search: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const isPage = pathname === "/graphql" && search === "" && (request.headers.accept ?? "").includes("text/html");
  if (pathname === "/") {
    response.writeHead(302, { ...DATA_HEADERS, location: "/graphql" }).end();
    return true;
  }
  if (!isPage && !pathname.startsWith("/graphiql/")) return false;
  const file = isPage ? join(ROOT, "index.html") : normalize(join(ROOT, decoded(pathname.slice("/graphiql/".length))));
  const info = file.startsWith(ROOT + sep) ? await stat(file).catch(() => undefined) : undefined;
  if (!info?.isFile()) return false;
  response.writeHead(200, {
    "content-type": TYPES[extname(file)] ?? "application/octet-stream",
    "content-length": info.size,
    // Names of the page's files change with their content; the page's own does not.
    ...PAGE_HEADERS,
    ...(isPage && POLICY),
    "cache-control": isPage ? "no-cache" : "public, max-age=31536000, immutable",
  });
  createReadStream(file).pipe(response);
  return true;
}

/** A path that is not encoded as one names no file. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return "";
  }
}

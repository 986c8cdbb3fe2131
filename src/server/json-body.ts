import type { IncomingMessage } from "node:http";
import { AppError } from "../errors.ts";

/** Largest request body, in bytes. */
const MAX_BYTES = 2 * 1024 * 1024;

/** @throws {@link AppError} BAD_USER_INPUT when the text is not JSON. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw new AppError("BAD_USER_INPUT", `The request body is not JSON: ${(error as Error).message}.`);
  }
}

/**
 * The body of a request as it came. By events: an async iterator takes longer over a small body than all the rest of a small request.
 * @throws {@link AppError} LIMIT_EXCEEDED; BAD_USER_INPUT when its sender goes away.
 */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes <= MAX_BYTES) return;
      request.pause();
      reject(new AppError("LIMIT_EXCEEDED", `The request body is larger than ${MAX_BYTES} bytes.`));
    });
    request.once("end", () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    // Nobody is there to be told; and it is nothing that went wrong here.
    request.once("error", () => reject(new AppError("BAD_USER_INPUT", "The request ended before its body did.")));
  });
}

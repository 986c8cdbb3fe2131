import type { IncomingMessage } from "node:http";
import { AppError } from "../errors.ts";

/** Largest request body, in bytes. */
const MAX_BYTES = 2 * 1024 * 1024;

/**
 * The body of a request as JSON; undefined when it has none.
 * @throws {@link AppError} LIMIT_EXCEEDED or BAD_USER_INPUT.
 */
export async function readJsonBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new AppError("LIMIT_EXCEEDED", `The request body is larger than ${MAX_BYTES} bytes.`);
    chunks.push(chunk);
  }
  if (bytes === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (error) {
    throw new AppError("BAD_USER_INPUT", `The request body is not JSON: ${(error as Error).message}.`);
  }
}

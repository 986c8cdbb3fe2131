import type { IncomingMessage } from "node:http";
import { fieldError } from "../errors.ts";
import { parseJson, readBody } from "./json-body.ts";

/** The body of a request for an operation. */
export interface OperationBody {
  /** JSON; undefined when the request has none. */
  body: unknown;
  /** The `Content-Type` that it is of now. */
  contentType: string | undefined;
}

/**
 * Reads the operation in the body of a request: JSON, whose `variables` may be a text of JSON, or the document itself as `application/graphql`.
 * @throws {@link AppError} LIMIT_EXCEEDED or BAD_USER_INPUT.
 */
export async function readOperationBody(request: IncomingMessage): Promise<OperationBody> {
  const contentType = request.headers["content-type"];
  const bytes = await readBody(request);
  if (bytes.length === 0) return { body: undefined, contentType };
  if (/^\s*application\/graphql\s*(;|$)/i.test(contentType ?? ""))
    return { body: { query: bytes.toString("utf8") }, contentType: "application/json" };
  const body = parseJson(bytes);
  return { body: withVariables(body), contentType };
}

function withVariables(body: unknown): unknown {
  if (typeof body !== "object" || body === null || !("variables" in body) || typeof body.variables !== "string") return body;
  return { ...body, variables: body.variables.trim() === "" ? null : parseVariables(body.variables) };
}

function parseVariables(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const message = "`variables` must be an object, or a JSON text of an object.";
    throw fieldError("BAD_USER_INPUT", "variables", message);
  }
}

import type { IncomingHttpHeaders } from "node:http";
import { type ExecutionArgs, getOperationAST, OperationTypeNode } from "graphql";
import { LONGEST_KEPT, type ReadDocument } from "../schema/document/document-reader.ts";

/** A plain request, and the `Content-Type` of its answer. */
export interface PlainRequest extends Required<Pick<ExecutionArgs, "document" | "operationName" | "variableValues">> {
  contentType: string;
}

/** `Content-Type` values that say nothing else than JSON. */
const JSON_TYPES: ReadonlySet<string | undefined> = new Set(["application/json", "application/json; charset=utf-8"]);

/** Returns the `Content-Type` of the answer, by the client's preference. */
const ANSWER_TYPES: ReadonlyMap<string | undefined, string> = new Map([
  ["application/json", "application/json; charset=utf-8"],
  ["application/graphql-response+json", "application/graphql-response+json; charset=utf-8"],
]);

/**
 * Reads a request about which nothing is left to decide, as nearly all are: a valid query or mutation that comes as JSON with POST, without
 * extensions. Undefined for any other, right or wrong: those are Apollo Server's, which takes longer over each than our own part of a small one.
 */
export function readPlainRequest(
  method: string | undefined,
  headers: IncomingHttpHeaders,
  body: unknown,
  read: (text: string) => ReturnType<ReadDocument>,
): PlainRequest | undefined {
  const contentType = ANSWER_TYPES.get(headers.accept);
  if (method !== "POST" || !contentType || !JSON_TYPES.has(headers["content-type"]) || !isRecord(body)) return undefined;
  const { query, operationName = null, variables = null, extensions = null } = body;
  if (typeof query !== "string" || query.length > LONGEST_KEPT || extensions !== null) return undefined;
  if (operationName !== null && typeof operationName !== "string") return undefined;
  if (variables !== null && !isRecord(variables)) return undefined;
  const document = read(query);
  if (!("kind" in document)) return undefined;
  const operation = getOperationAST(document, operationName);
  if (!operation || operation.operation === OperationTypeNode.SUBSCRIPTION) return undefined;
  return { document, operationName, variableValues: variables, contentType };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

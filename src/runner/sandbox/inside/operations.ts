import { print } from "graphql/language/printer.js";
import { type GraphQLDocument, GraphQLRequestError } from "../../../sdk/define-job.ts";
import type { OperationAnswer } from "../sandbox.ts";
import { MAX_OPERATIONS } from "../wire/protocol.ts";
import { encodeOperation } from "../wire/record-codec.ts";
import { MAX_DOCUMENT } from "../wire/record-limits.ts";
import { toJson } from "./to-json.ts";
import { createTurns } from "../../../turns.ts";

/** Longest variables, in characters of JSON. */
const MAX_VARIABLES = 4_000_000;

/** The operations that one run sends to the server, from inside the sandbox. */
export interface RunOperations {
  send(document: unknown, variables?: unknown): Promise<unknown>;
  /** The answer of the other side. */
  settle(operation: number, answer: string): void;
}

let lastOperation = 0;

/** @param write puts a record into the pipe, waiting while that is full. */
export function createOperations(write: (record: string) => void): RunOperations {
  const pending = new Map<number, (answer: OperationAnswer) => void>();
  const turns = createTurns(MAX_OPERATIONS);

  return {
    async send(document, variables) {
      const text = textOf(document);
      const json = jsonOf(variables);
      // Sent at once where there is room, so that an operation is carried out although its job ends itself right after it.
      const turn = turns.enter();
      if (turn) await turn;
      const operation = ++lastOperation;
      const answered = new Promise<OperationAnswer>((resolve) => pending.set(operation, resolve));
      write(encodeOperation({ operation, document: text, json }));
      const { data, errors } = await answered;
      if (errors) throw new GraphQLRequestError(errors);
      return data;
    },
    settle(operation, answer) {
      const resolve = pending.get(operation);
      if (!resolve) return;
      pending.delete(operation);
      turns.leave();
      resolve(JSON.parse(answer) as OperationAnswer);
    },
  };
}

function textOf(document: unknown): string {
  const text = isParsed(document) ? print(document) : typeof document === "symbol" ? "" : String(document ?? "");
  if (text.trim() === "" || text === "[object Object]")
    throw new TypeError("The document of an operation must be a text, or a typed document that code was generated for.");
  if (text.length > MAX_DOCUMENT)
    throw new RangeError(`The document has ${text.length} characters; the server takes ${MAX_DOCUMENT} from a job.`);
  return text;
}

/** `TypedDocumentNode`s are parsed, `TypedDocumentString`s are texts. */
const isParsed = (document: unknown): document is Parameters<typeof print>[0] & GraphQLDocument<unknown, unknown> =>
  typeof document === "object" && document !== null && "kind" in document && document.kind === "Document";

function jsonOf(variables: unknown): string {
  const value = toJson(variables ?? {}, "variables", (text) => text);
  if (typeof value !== "object" || Array.isArray(value)) throw new TypeError("The variables of an operation must be an object.");
  const json = JSON.stringify(value);
  if (json.length > MAX_VARIABLES)
    throw new RangeError(`The variables have ${json.length} characters of JSON; the server takes ${MAX_VARIABLES} from a job.`);
  return json;
}

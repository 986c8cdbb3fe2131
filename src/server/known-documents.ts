import { cutText } from "../cut-text.ts";
import { fieldError } from "../errors.ts";

/** A request for an operation, as it came over HTTP. */
export interface AskedOver {
  method: string;
  search: string;
  body: unknown;
}

/** The parts of an operation that tell its document: a text, or an id in its place. */
interface Told {
  query?: unknown;
  documentId?: unknown;
  extensions?: unknown;
}

/** Returns the text of a document that a client names by its id; undefined for an unknown one. */
export type TextOf = (id: string) => string | undefined;

/**
 * Returns a request with the text of the document that it names; the same request where it brings a text or names none. One that names an unknown document in
 * the form of Apollo's clients stays as it is as well: Apollo Server answers it, and has the client register the document.
 * @throws AppError PERSISTED_QUERY_NOT_FOUND for any other unknown document; BAD_USER_INPUT for an id that is no text.
 */
export function withText(request: AskedOver, textOf: TextOf): AskedOver {
  return request.method === "GET" ? withParameter(request, textOf) : withMember(request, textOf);
}

function withMember(request: AskedOver, textOf: TextOf): AskedOver {
  const { body } = request;
  if (!isRecord(body)) return request;
  const found = find(body, textOf);
  if (!found) return request;
  return { ...request, body: { ...body, query: found, extensions: withoutId(body["extensions"]) } };
}

function withParameter(request: AskedOver, textOf: TextOf): AskedOver {
  const parameters = new URLSearchParams(request.search);
  const given = Object.fromEntries(parameters);
  const extensions = parse(given["extensions"]);
  const found = find({ ...given, extensions }, textOf);
  if (!found) return request;
  parameters.set("query", found);
  const others = withoutId(extensions);
  if (others === null) parameters.delete("extensions");
  else parameters.set("extensions", JSON.stringify(others));
  return { ...request, search: `?${parameters}` };
}

/** Returns the text of the document that an operation names; undefined as {@link withText}. */
function find(told: Told, textOf: TextOf): string | undefined {
  const named = nameOf(told);
  const text = named && textOf(plainId(named.id));
  if (named?.field === "documentId" && text === undefined) throw unknownDocument(named);
  return text;
}

/**
 * Returns the text of an operation's document: its own, or that of the document that it names; undefined where it has neither.
 * @throws AppError PERSISTED_QUERY_NOT_FOUND for an unknown document; BAD_USER_INPUT for an id that is no text.
 */
export function readText(told: Told, textOf: TextOf): string | undefined {
  const named = nameOf(told);
  if (!named) return typeof told.query === "string" ? told.query : undefined;
  const text = textOf(plainId(named.id));
  if (text === undefined) throw unknownDocument(named);
  return text;
}

/** An id, and the part of the operation that has it. */
interface Named {
  field: "documentId" | "extensions.persistedQuery.sha256Hash";
  id: string;
}

/** Returns the name of an operation's document, in the form of GraphQL over HTTP or in that of Apollo's clients; undefined where it brings a text, or no name. */
function nameOf({ query, documentId, extensions }: Told): Named | undefined {
  // A socket's message must have a text, so clients leave it empty.
  if (typeof query === "string" && query !== "") return undefined;
  if (typeof documentId === "string") return { field: "documentId", id: documentId };
  if (documentId !== undefined && documentId !== null)
    throw fieldError("BAD_USER_INPUT", "documentId", "`documentId` must be a string.");
  const persisted = isRecord(extensions) ? extensions["persistedQuery"] : undefined;
  const id = isRecord(persisted) ? persisted["sha256Hash"] : undefined;
  return typeof id === "string" ? { field: "extensions.persistedQuery.sha256Hash", id } : undefined;
}

/** Characters of an unknown id that its refusal repeats. */
const TOLD_CHARACTERS = 100;

const unknownDocument = ({ field, id }: Named) =>
  fieldError(
    "PERSISTED_QUERY_NOT_FOUND",
    field,
    `The server knows no document with the id ${JSON.stringify(cutText(id, TOLD_CHARACTERS))}: have TRUSTED_DOCUMENTS list it, or send its text.`,
  );

/** Returns an id without the prefix that GraphQL over HTTP gives to a SHA-256. */
export const plainId = (id: string): string => (id.startsWith("sha256:") ? id.slice("sha256:".length) : id);

/** Returns extensions without the name of a document, or null: Apollo Server would hold the text against it, and a name may be no hash. */
function withoutId(extensions: unknown): unknown {
  if (!isRecord(extensions)) return extensions ?? null;
  const { persistedQuery: _, ...others } = extensions;
  return Object.keys(others).length === 0 ? null : others;
}

function parse(json: string | undefined): unknown {
  try {
    return json === undefined ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

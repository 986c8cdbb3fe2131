/** A request for an operation, as it came over HTTP. */
export interface AskedOver {
  method: string;
  search: string;
  body: unknown;
}

/** Returns the text of a document that a client names by its hash; undefined for an unknown one. */
export type TextOf = (id: string) => string | undefined;

/** Returns a request with the text of the document that it names by its hash; the same request where it brings a text, or names none that is known. */
export function withText(request: AskedOver, textOf: TextOf): AskedOver {
  return request.method === "GET" ? withParameter(request, textOf) : withMember(request, textOf);
}

function withMember(request: AskedOver, textOf: TextOf): AskedOver {
  const { body } = request;
  if (!isRecord(body) || typeof body["query"] === "string") return request;
  const query = textFor(body["extensions"], textOf);
  return query === undefined ? request : { ...request, body: { ...body, query } };
}

function withParameter(request: AskedOver, textOf: TextOf): AskedOver {
  const parameters = new URLSearchParams(request.search);
  const extensions = parameters.get("extensions");
  if (extensions === null || parameters.has("query")) return request;
  const query = textFor(parse(extensions), textOf);
  if (query === undefined) return request;
  parameters.set("query", query);
  return { ...request, search: `?${parameters}` };
}

/** The form in which Apollo's clients name a document. */
function textFor(extensions: unknown, textOf: TextOf): string | undefined {
  const persisted = isRecord(extensions) ? extensions["persistedQuery"] : undefined;
  const id = isRecord(persisted) ? persisted["sha256Hash"] : undefined;
  return typeof id === "string" ? textOf(id) : undefined;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

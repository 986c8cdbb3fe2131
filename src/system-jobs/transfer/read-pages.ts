import { GraphQLRequestError, type JobContext, JobFailure } from "jobgraph";
import type { ModelField, ObjectModel } from "./object-model.ts";

/** Objects of one page. */
const PAGE_SIZE = 200;

/** An object by field. References hold the names of their objects. */
export type PlainObject = Record<string, unknown>;

interface Page {
  nodes: Record<string, unknown>[];
  page_info: { has_next_page: boolean; end_cursor: string | null };
}

/** The objects of a list, page by page: no more than one page is held, however long the list is. */
export async function* readPages(
  graphql: JobContext["graphql"],
  signal: AbortSignal,
  model: ObjectModel,
  filters: Record<string, unknown>,
): AsyncGenerator<PlainObject[]> {
  const given = { ...Object.fromEntries(Object.keys(model.default_filters).map((name) => [name, null])), ...filters };
  const document = documentOf(model, Object.keys(given));
  let size = PAGE_SIZE;
  let after: string | null = null;
  for (;;) {
    signal.throwIfAborted();
    let page: Page;
    try {
      page = (await graphql<{ page: Page }>(document, { ...given, first: size, after })).page;
    } catch (error) {
      // Rows of some kinds can be large: fewer of them fit.
      if (!isTooLarge(error) || size === 1) throw error;
      size = Math.ceil(size / 4);
      continue;
    }
    yield page.nodes.map((node) => Object.fromEntries(model.fields.map((field) => [field.name, plain(field, node[field.name])])));
    if (!page.page_info.has_next_page) return;
    after = page.page_info.end_cursor;
  }
}

const isTooLarge = (error: unknown) =>
  error instanceof GraphQLRequestError && error.errors[0]!.extensions?.code === "LIMIT_EXCEEDED";

function documentOf({ list, fields, filters }: ObjectModel, given: readonly string[]): string {
  const types = new Map(filters.map(({ name, type }) => [name, type]));
  const variables = given.map((name) => {
    const type = types.get(name);
    if (type === undefined) throw new JobFailure(`Lists of this kind have no filter named ${JSON.stringify(name)}.`);
    return `$${name}: ${type}`;
  });
  const selection = fields.map(({ name, key }) => (key === null ? name : `${name} { ${key} }`));
  return `query (${["$first: Int", "$after: String", ...variables].join(", ")}) {
    page: ${list}_connection(${["first: $first", "after: $after", ...given.map((name) => `${name}: $${name}`)].join(", ")}) {
      nodes { ${selection.join(" ")} }
      page_info { has_next_page end_cursor }
    }
  }`;
}

function plain({ kind, key }: ModelField, value: unknown): unknown {
  if (key === null || value === null) return value;
  return kind === "links" ? (value as PlainObject[]).map((linked) => linked[key]) : (value as PlainObject)[key];
}

/** Filters of an address, `name__ic=core&enabled=true`, as values of their types. */
export function readQueryString({ filters }: ObjectModel, text: string): Record<string, unknown> {
  const types = new Map(filters.map(({ name, type }) => [name, type]));
  const given = new URLSearchParams(text.replace(/^\?/, ""));
  return Object.fromEntries(
    [...new Set(given.keys())].map((name) => {
      const type = types.get(name) ?? "";
      const values = given.getAll(name).map((value) => typed(value, type));
      return [name, type.startsWith("[") ? values : values.at(-1)];
    }),
  );
}

/** Returns a text as the value that a filter's type asks for. An invalid text stays a text, for the API to reject. */
function typed(text: string, type: string): unknown {
  if (/Int|Float/.test(type) && text.trim() !== "" && Number.isFinite(Number(text))) return Number(text);
  if (type.includes("Boolean") && /^(true|false)$/i.test(text)) return text.toLowerCase() === "true";
  return text;
}

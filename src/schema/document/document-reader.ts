import {
  BREAK,
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  parse,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  visit,
} from "graphql";
import { LRUCache } from "lru-cache";
import { AppError } from "../../errors.ts";
import { type Limit, LIMITED, limitOf, type OwnLimits } from "../../own-limits.ts";
import { checkDepth, parseWithin, type StructureLimits } from "./structure.ts";
import { listSingleValues } from "./single-values.ts";
import { validateWithin } from "./validate-within.ts";

/** Characters of the documents that are kept parsed, together. A parsed document takes some hundred times the room of its text. */
const KEPT_CHARACTERS = 200_000;

/** Longer documents are not kept; in characters. */
export const LONGEST_KEPT = 20_000;

/** The user who sends a document, as far as it matters to reading it. */
export interface Sender {
  limits?: OwnLimits | undefined;
  isSuperuser: boolean;
}

/** The users who may do something. */
export type Audience = "off" | "signed-in" | "superusers";

/** Documents that the operator of a server has listed. All of them are valid. */
export interface TrustedDocuments {
  /** Number of the documents. */
  readonly size: number;
  /** Returns the text of the document with an id; undefined without one. */
  textOf(id: string): string | undefined;
  /** Tells whether a text is that of one of them. */
  has(text: string): boolean;
}

/** Documents that users may send. */
export interface DocumentRules {
  /** The users who may ask for the schema itself. */
  introspection: Audience;
  /** Documents that every user may send, and whose texts have no limits. */
  trusted?: TrustedDocuments | undefined;
  /** The users who may send other documents. */
  untrusted: Audience;
}

/** A document, or its errors. */
type Found = DocumentNode | readonly GraphQLError[];

/** Rules by which users may send everything. */
export const ANY_DOCUMENT: DocumentRules = { introspection: "signed-in", untrusted: "signed-in" };

/**
 * Parses and validates a text. Returns the document, the same one for the same text, or its errors.
 * @throws {@link AppError} LIMIT_EXCEEDED for a document that is too large, by the cost of its validation, or for its sender; FORBIDDEN for one that its
 * sender may not send.
 */
export type ReadDocument = (text: string, sender: Sender) => Found;

/** A document that was read. Its depth is kept, since a sender may be allowed less than the one for whom it was read. */
interface Kept {
  found: Found;
  depth: number;
  introspects: boolean;
}

/** Parses and validates a text within limits. @throws {@link AppError} LIMIT_EXCEEDED. */
function readWithin(schema: GraphQLSchema, text: string, limits: StructureLimits, most: Limit): Kept {
  try {
    const { document: parsed, depth } = parseWithin(text, limits, most);
    const document = listSingleValues(schema, parsed);
    const errors = validateWithin(schema, document);
    return { found: errors.length > 0 ? errors : document, depth, introspects: introspects(text, parsed) };
  } catch (error) {
    if (error instanceof GraphQLError) return { found: [error], depth: 0, introspects: false };
    throw error;
  }
}

const NO_LIMITS: StructureLimits = {
  maxQueryTokens: Infinity,
  maxQueryDepth: LIMITED.maxQueryDepth.most,
  maxQueryAliases: Infinity,
  maxQueryDirectives: Infinity,
  maxQueryFields: Infinity,
};

/**
 * Returns the errors of a document that is to be trusted; none for a valid one. Its levels alone are limited: the stack ends for all documents.
 * @throws {@link AppError} LIMIT_EXCEEDED for one that cannot be validated.
 */
export function checkTrusted(schema: GraphQLSchema, text: string): readonly GraphQLError[] {
  const { found } = readWithin(schema, text, NO_LIMITS, { value: NO_LIMITS.maxQueryDepth, of: "the server" });
  return "kind" in found ? [] : found;
}

/** Makes a reader for one schema. Jobs are the server's own side, so their documents have no rules. */
export function createDocumentReader(
  schema: GraphQLSchema,
  limits: StructureLimits,
  { introspection, trusted, untrusted }: DocumentRules = ANY_DOCUMENT,
): ReadDocument {
  // It was found to be valid when the server started, in a time that may be long.
  const readTrusted = (text: string): Kept => {
    const parsed = parse(text);
    return { found: listSingleValues(schema, parsed), depth: 0, introspects: introspects(text, parsed) };
  };
  const read = (text: string, most: Limit): Kept =>
    trusted?.has(text) ? readTrusted(text) : readWithin(schema, text, limits, most);
  const kept = new LRUCache<string, Kept, Limit>({
    maxSize: KEPT_CHARACTERS,
    // A text without anything takes a place too.
    sizeCalculation: (_, text) => text.length + 1,
    memoMethod: (text, _, { context }) => read(text, context),
  });
  return (text, sender) => {
    if (!isIn(untrusted, sender) && !trusted?.has(text)) throw new AppError("FORBIDDEN", NO_UNTRUSTED[untrusted]);
    const most = limitOf("maxQueryDepth", limits, sender.limits);
    const {
      found,
      depth,
      introspects: asksForSchema,
    } = text.length > LONGEST_KEPT ? read(text, most) : kept.memo(text, { context: most });
    checkDepth(depth, most);
    if (asksForSchema && !isIn(introspection, sender)) throw new AppError("FORBIDDEN", NO_INTROSPECTION[introspection]);
    return found;
  };
}

const isIn = (audience: Audience, { isSuperuser }: Sender) =>
  audience === "signed-in" || (audience === "superusers" && isSuperuser);

const NO_INTROSPECTION: Readonly<Record<Audience, string>> = {
  off: "The server does not tell its schema: INTROSPECTION is off.",
  superusers: "The server tells its schema to superusers only: INTROSPECTION says so.",
  "signed-in": "",
};

const NO_UNTRUSTED: Readonly<Record<Audience, string>> = {
  off: "The server takes the documents in its list alone, and this is none of them: UNTRUSTED_DOCUMENTS is off.",
  superusers: "The server takes other documents than those in its list from superusers only: UNTRUSTED_DOCUMENTS says so.",
  "signed-in": "",
};

const META_FIELDS: ReadonlySet<string> = new Set([SchemaMetaFieldDef.name, TypeMetaFieldDef.name]);

/** Tells whether a document asks for the schema itself. Most need not be walked to know it. */
function introspects(text: string, document: DocumentNode): boolean {
  let found = false;
  if (!/__(schema|type)\b/.test(text)) return found;
  visit(document, {
    Field({ name }) {
      if (!META_FIELDS.has(name.value)) return undefined;
      found = true;
      return BREAK;
    },
  });
  return found;
}

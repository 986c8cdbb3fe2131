import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  parse,
  type SelectionSetNode,
  type ValueNode,
} from "graphql";
import { AppError, counted } from "../../errors.ts";
import { type Limit, limitOf } from "../../own-limits.ts";
import { measureOverlaps } from "./overlaps.ts";

/** Limits of a client's document, which are checked before anything else. */
export interface StructureLimits {
  maxQueryTokens: number;
  /** Levels of fields, and of lists and objects in the value of an argument. */
  maxQueryDepth: number;
  maxQueryAliases: number;
  maxQueryDirectives: number;
  /** Fields and fragments, those in a fragment counted wherever it is spread; it bounds the pairs of them, too. */
  maxQueryFields: number;
}

/** A document that was parsed, and its levels. */
export interface Parsed {
  document: DocumentNode;
  depth: number;
}

/** Pairs that a document may have for each field that it may have: validation compares 50,000 in some 20 ms. */
const PAIRS_A_FIELD = 50;

/** Counts of a document, besides tokens. */
interface Counts {
  aliases: number;
  depth: number;
  directives: number;
  fields: number;
}

const COUNTS = ["aliases", "depth", "directives", "fields"] as const satisfies readonly (keyof Counts)[];

type ServersLimit = "maxQueryAliases" | "maxQueryDirectives" | "maxQueryFields";

/** Limits that are the same for all users. */
const LIMITS: readonly (readonly [keyof Counts, ServersLimit, string, readonly [string, string?]])[] = [
  ["aliases", "maxQueryAliases", "MAX_QUERY_ALIASES", ["alias", "aliases"]],
  ["directives", "maxQueryDirectives", "MAX_QUERY_DIRECTIVES", ["directive"]],
  ["fields", "maxQueryFields", "MAX_QUERY_FIELDS", ["field or fragment", "fields and fragments"]],
];

/**
 * Parses a document that is within the limits. The time for it grows with the text alone, as that of validation does not.
 * @throws {@link AppError} LIMIT_EXCEEDED that names the limit; an error of GraphQL for an invalid document.
 */
export function parseWithin(text: string, limits: StructureLimits, depth: Limit = limitOf("maxQueryDepth", limits)): Parsed {
  const { maxQueryTokens } = limits;
  try {
    const document = parse(text, { maxTokens: maxQueryTokens });
    return { document, depth: checkStructure(document, limits, depth) };
  } catch (error) {
    // graphql-js goes down a document by calls, and the stack may end before the text does.
    if (error instanceof RangeError) return refuse("more levels than can be read", depth.of, depth.value);
    // The parser stops there, so how many there are is not known; it has no class for this.
    if (error instanceof GraphQLError && error.message.endsWith("tokens. Parsing aborted."))
      return refuse(`more than ${counted(maxQueryTokens, "token")}`, "MAX_QUERY_TOKENS", maxQueryTokens);
    throw error;
  }
}

/**
 * Checks a parsed document; tokens are the parser's to count.
 * @returns its levels.
 * @throws {@link AppError} LIMIT_EXCEEDED that names the limit.
 */
export function checkStructure(
  document: DocumentNode,
  limits: StructureLimits,
  depth: Limit = limitOf("maxQueryDepth", limits),
): number {
  const found = measure(document);
  checkDepth(found.depth, depth);
  for (const [what, limit, setting, words] of LIMITS)
    if (found[what] > limits[limit]) refuse(counted(found[what], ...words), setting, limits[limit]);
  const { pairs } = measureOverlaps(document);
  const most = PAIRS_A_FIELD * limits.maxQueryFields;
  if (pairs > most) refuse(`${pairs} pairs of fields or fragments that may have to be merged`, "MAX_QUERY_FIELDS", most);
  return found.depth;
}

/** Throws for a document with too many levels. @throws {@link AppError} LIMIT_EXCEEDED that names the limit. */
export function checkDepth(depth: number, { value, of }: Limit): void {
  if (depth > value) refuse(counted(depth, "level"), of, value);
}

function refuse(found: string, setting: string, limit: number): never {
  throw new AppError("LIMIT_EXCEEDED", `The document has ${found}; ${setting} allows ${limit}.`);
}

/** The counts of the document as it is written, or of an operation with its fragments: the larger of each. */
function measure(document: DocumentNode): Counts {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  const known = new Map<string, Counts>();
  const written = none();

  function ofSet({ selections }: SelectionSetNode): Counts {
    const counts = none();
    for (const selection of selections) {
      const { directives = [] } = selection;
      const own = { ...none(), directives: directives.length, fields: 1 };
      if (selection.kind === Kind.FIELD) {
        if (selection.alias) own.aliases = 1;
        own.depth = 1 + Math.max(depthOfArguments(selection), deepest(directives, depthOfArguments));
      }
      add(written, own);
      add(counts, own);
      if (selection.kind === Kind.FRAGMENT_SPREAD) add(counts, ofFragment(selection.name.value));
      else if (selection.selectionSet) add(counts, ofSet(selection.selectionSet), selection.kind === Kind.FIELD ? 1 : 0);
    }
    return counts;
  }

  function ofFragment(name: string): Counts {
    const measured = known.get(name);
    if (measured) return measured;
    // Of a fragment within itself nothing is counted: validation refuses it.
    known.set(name, none());
    const fragment = fragments.get(name);
    if (!fragment) return none();
    const counts = { ...none(), directives: fragment.directives?.length ?? 0 };
    add(written, counts);
    add(counts, ofSet(fragment.selectionSet));
    known.set(name, counts);
    return counts;
  }

  const largest = none();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) ofFragment(node.name.value);
    if (node.kind !== Kind.OPERATION_DEFINITION) continue;
    const { directives = [], variableDefinitions = [] } = node;
    const counts = {
      ...none(),
      depth: deepest(variableDefinitions, ({ defaultValue }) => (defaultValue ? depthOfValue(defaultValue) : 0)),
      directives: directives.length + variableDefinitions.reduce((sum, variable) => sum + (variable.directives?.length ?? 0), 0),
    };
    add(written, counts);
    add(counts, ofSet(node.selectionSet));
    for (const what of COUNTS) largest[what] = Math.max(largest[what], counts[what]);
  }
  for (const what of COUNTS) largest[what] = Math.max(largest[what], written[what]);
  return largest;
}

const none = (): Counts => ({ aliases: 0, depth: 0, directives: 0, fields: 0 });

/** Adds counts to others. Expanded fragments may have more than a number can hold. */
function add(to: Counts, counts: Readonly<Counts>, below = 0): void {
  for (const what of ["aliases", "directives", "fields"] as const)
    to[what] = Math.min(Number.MAX_SAFE_INTEGER, to[what] + counts[what]);
  to.depth = Math.max(to.depth, counts.depth + below);
}

const deepest = <T>(nodes: readonly T[], depthOf: (node: T) => number) =>
  nodes.reduce((depth, node) => Math.max(depth, depthOf(node)), 0);

const depthOfArguments = (node: { arguments?: readonly { value: ValueNode }[] | undefined }) =>
  deepest(node.arguments ?? [], ({ value }) => depthOfValue(value));

function depthOfValue(value: ValueNode): number {
  if (value.kind === Kind.LIST) return 1 + deepest(value.values, depthOfValue);
  return value.kind === Kind.OBJECT ? 1 + deepest(value.fields, (field) => depthOfValue(field.value)) : 0;
}

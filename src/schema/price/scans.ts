import { type ArgumentNode, type FieldNode, valueFromASTUntyped } from "graphql";
import { snakeCase } from "../../entities/mapping/case.ts";
import { type ManyShape, type ModelShape, shapeOf } from "../../entities/mapping/shape.ts";
import { valuesOf } from "../reading/condition.ts";
import { isServed } from "../reading/order.ts";
import type { Level, Scale } from "./levels.ts";

/** Rows in the time that one value of an answer takes: that are compared with a text, counted, sorted, or passed over in an index. */
const SEARCHED_A_VALUE = 5;
const COUNTED_A_VALUE = 50;
const SORTED_A_VALUE = 10;
const PASSED_A_VALUE = 20;

/** Most that one list costs for this: it has its own lane, so one is allowed in a table of any size. */
const MOST = 100_000;

/** Filters that an index cannot serve, and those among them that match patterns. */
const BY_TEXT = /^q$|__n?(?:ic|isw|iew|ie|i?re)$/;
const BY_PATTERN = /__n?i?re$/;

/** States of a pattern that are looked for in the time of one text. */
const STATES_A_TEXT = 10;
/** With so many texts a list costs the most that it can, in any table but a small one: no more are looked at. */
const MOST_TEXTS = 1000;
/** Longest part of a pattern that is looked at: it is as many texts. */
const LONGEST_PATTERN = STATES_A_TEXT * MOST_TEXTS;

/** Returns the cost of finding the objects of a field, besides the objects; there is a list for each of those above. */
export type Extra = (above: Level, scale: Scale) => number;

/** A list as an operation asks for it. */
export interface AskedList {
  node: FieldNode;
  /** The model of its objects. */
  listOf: object;
  /** The relation by which they are found; undefined for a list of all objects. */
  via: ManyShape | undefined;
  /** Table of the objects that have such a list each, where it is found by a relation. */
  ownerTable: string | undefined;
  /** True where its objects are counted. */
  isCounted: boolean;
}

/**
 * Returns the cost of the rows that a list looks at besides those that it answers. These are the rows that it chooses from, where it looks for texts, is
 * counted, or is sorted without an index, unless an id or its owner narrows it; and the rows that an offset leaves out.
 */
export function scanCost({ node, listOf, via, ownerTable, isCounted }: AskedList): Extra | undefined {
  const { arguments: args = [] } = node;
  const shape = shapeOf(listOf);
  const named = (name: string) => args.find((argument) => argument.name.value === name);
  const [sort, offset] = [named("sort"), named("offset")];
  const searches = args.filter(({ name }) => BY_TEXT.test(name.value));
  if (searches.length === 0 && !isCounted && !sort && !offset) return undefined;
  const keys = new Set(["id", ...[...shape.one.keys()].map(snakeCase).flatMap((name) => [name, `${name}_id`])]);
  const narrowing = args.filter(({ name }) => keys.has(name.value));
  const table = via?.through ?? shape.table;

  return ({ objects, repeats }, { variables, rowsOf }) => {
    const valueOf = (argument: ArgumentNode | undefined): unknown =>
      (argument && valueFromASTUntyped(argument.value, variables)) ?? undefined;
    const isNarrowed = narrowing.some((argument) => valuesOf(valueOf(argument)).length > 0);
    const isSorted = !isNarrowed && !isSortedByIndex(shape, valueOf(sort), via);
    const textsIn = (argument: ArgumentNode) =>
      (BY_PATTERN.test(argument.name.value) ? weighPatterns : countOf)(valueOf(argument));
    const texts = searches.reduce((sum, argument) => sum + textsIn(argument), 0);
    const shares = texts / SEARCHED_A_VALUE + (isCounted ? 1 / COUNTED_A_VALUE : 0) + (isSorted ? 1 / SORTED_A_VALUE : 0);
    // It is not known which of the owners above have many: each counts as an average one.
    const lists = ownerTable === undefined ? objects : objects / rowsOf(ownerTable);
    const looked = isNarrowed ? 0 : lists * rowsOf(table) * shares;
    const given = valueOf(offset);
    const each = typeof given === "number" ? Math.max(0, given) : 0;
    const left = Math.min(objects * each, (via ? repeats : objects) * rowsOf(table));
    // Rows that an offset leaves out of a sort are kept until then.
    return Math.min(MOST, looked + (isSorted ? left : left / PASSED_A_VALUE));
  };
}

const countOf = (value: unknown) => valuesOf(value).length;

/** Returns as how many texts patterns count. */
function weighPatterns(given: unknown): number {
  let weight = 0;
  for (const pattern of valuesOf(given)) {
    if (weight >= MOST_TEXTS) break;
    weight += Math.max(1, statesOf(String(pattern).slice(0, LONGEST_PATTERN)) / STATES_A_TEXT);
  }
  return weight;
}

/** A number after what it repeats; of a group, all before it is taken for its content. */
const REPEAT = /(\)?)\{(\d{0,4})(?:,(\d{0,4}))?\}/g;

/** Returns about how many states a pattern has: a character each, as often as it is repeated. */
function statesOf(pattern: string): number {
  let states = 0;
  let end = 0;
  for (const { 0: text, 1: group, 2: least, 3: most, index } of pattern.matchAll(REPEAT)) {
    const times = Number(most || least);
    states += index - end;
    states = group ? states * Math.max(1, times) : states + times;
    end = index + text.length;
  }
  return states + pattern.length - end;
}

/** Tells whether an index serves the order of a list. Its own order is served, and that of linked objects never is. */
function isSortedByIndex(shape: ModelShape, sort: unknown, via: ManyShape | undefined): boolean {
  if (sort === undefined) return true;
  // With more names than there are, which is not looked through for each list.
  if (via?.through || countOf(sort) > shape.columns.size + shape.one.size) return false;
  return isServed(shape, [sort].flat().map(String), via?.column);
}

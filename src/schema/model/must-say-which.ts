import { isFoundInAll } from "../../entities/pattern.ts";
import type { ModelShape } from "../../entities/mapping/shape.ts";
import { AppError } from "../../errors.ts";
import { valuesOf } from "../reading/condition.ts";
import { filtersOf } from "../reading/filters/filters.ts";
import type { ListArguments } from "../reading/list-arguments.ts";

/**
 * Guards a change of all objects that filters find. A filter that every object passes, such as an empty text, counts as none.
 * @param sentence begins the message, e.g. "Say which jobs".
 * @throws {@link AppError} BAD_USER_INPUT that names the filters which say nothing.
 */
export function mustSayWhich(shape: ModelShape, args: ListArguments, sentence: string, example: string): void {
  const filters = filtersOf(shape);
  const given = Object.entries(args).filter(([name, value]) => filters.has(name) && value !== null && value !== undefined);
  const empty = given.filter(([name, value]) => !saysSomething(name, value));
  if (empty.length < given.length) return;
  const names = empty.map(([name]) => name);
  const most = names.length === 0 ? "" : ` ${names.join(", ")} would find all objects.`;
  const message = `${sentence}: give at least one filter that narrows the list, such as \`${example}\`.${most}`;
  throw new AppError(
    "BAD_USER_INPUT",
    message,
    names.map((field) => ({ field, message: "This filter would find all objects: remove it, or give it a value." })),
  );
}

/** Lookups of parts of a text: the empty text is a part of every text, so that one such value among others finds all. */
const OF_PARTS = /^q$|__(ic|isw|iew|i?re)$/;

function saysSomething(name: string, given: unknown): boolean {
  const values = valuesOf(given);
  const restricts = (value: unknown) =>
    typeof value !== "string" || (value.trim() !== "" && !(/__i?re$/.test(name) && matchesAll(value)));
  return values.length > 0 && (OF_PARTS.test(name) ? values.every(restricts) : values.some(restricts));
}

/** Texts that have no character in common. */
const PROBES = ["a", "7", "É", "-", " "];

/** An unusable pattern is rejected by its filter. */
function matchesAll(pattern: string): boolean {
  try {
    return isFoundInAll(pattern, PROBES);
  } catch {
    return false;
  }
}

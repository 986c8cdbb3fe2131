import { jsonLength } from "../../entities/stored-json.ts";
import type { ModelShape } from "../../entities/mapping/shape.ts";
import type { Row } from "./list.ts";

/** About how many characters a row adds to an answer. */
export interface Weight {
  /** Characters of any row. */
  fixed: number;
  /** Characters that a row adds by its long texts; undefined where none is selected. */
  long: ((row: Row) => number) | undefined;
}

/** Characters of a value of a fixed size, with its name: an id, a number, a moment. */
const FIXED = 40;

const LONG_KINDS: ReadonlySet<string> = new Set(["json", "string", "text"]);

// The columns of a selection are one array for as long as its document is kept.
const weights = new WeakMap<readonly string[], Weight>();

/**
 * Returns a function that weighs the rows of a selection.
 * @param uses how often the answer has each column: under several names, or as part of a computed value.
 */
export function declareWeight(shape: ModelShape, columns: readonly string[], uses: ReadonlyMap<string, number>): void {
  const useOf = (column: string) => uses.get(column) ?? 1;
  const terms = columns.flatMap((column) => {
    const { kind = "uuid" } = shape.columns.get(column) ?? {};
    if (!LONG_KINDS.has(kind)) return [];
    const value = `row[${JSON.stringify(column)}]`;
    return [`${useOf(column)} * ${kind === "json" ? `jsonLength(${value})` : `(${value}?.length ?? 0)`}`];
  });
  const fixed = columns.reduce((sum, column) => sum + FIXED * useOf(column), 0);
  // Code that names the columns takes a fraction of the time that looking for them takes, in each of thousands of rows.
  const code = `return (row) => ${terms.join(" + ")}`;
  // oxlint-disable-next-line typescript/no-implied-eval -- of numbers, and of quoted names of columns
  const long = terms.length > 0 ? (new Function("jsonLength", code)(jsonLength) as (row: Row) => number) : undefined;
  weights.set(columns, { fixed, long });
}

const NOTHING: Weight = { fixed: 0, long: undefined };

/** Weight of rows that were read with the columns of a selection. */
export const weightOf = (columns: readonly string[]): Weight => weights.get(columns) ?? NOTHING;

/** Weight of rows together. */
export function weighRows(rows: readonly Row[], { fixed, long }: Weight): number {
  let weight = rows.length * fixed;
  if (long) for (const row of rows) weight += long(row);
  return weight;
}

/** Weight of a row that may be missing. */
export const weighRow = (row: Row | null, { fixed, long }: Weight): number => (row ? fixed + (long?.(row) ?? 0) : 0);

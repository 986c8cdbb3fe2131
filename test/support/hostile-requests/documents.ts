import { times } from "./kinds.ts";

/* How documents are written. */

/** The innermost selection, within fields that lead to it. */
export const braced = (inner: string, ...levels: readonly string[]) =>
  levels.reduceRight((body, level) => `${level} { ${body} }`, inner);

/** Fields that lead to each other, so many times. */
export const cycle = (count: number, ...levels: readonly string[]) => times(count, () => levels).flat();

/** A field under so many names. */
export const aliased = (count: number, field: string) => `{ ${times(count, (n) => `a${n}: ${field}`).join(" ")} }`;

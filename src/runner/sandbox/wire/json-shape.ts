/** Deepest nesting of lists and objects in a result, in the variables of an operation and in a description of a job. */
export const MAX_DEPTH = 500;

/** Returns true for a text that every database takes: without NUL and without lone surrogates. */
export const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes("\u0000");

/**
 * Returns true for a parsed JSON value that is nested at most {@link MAX_DEPTH} deep and whose texts and names are all fit. It goes level by
 * level, so that no depth exhausts the stack.
 */
export function isPlainJson(value: unknown, isFit: (text: string) => boolean = isStorable): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    const next: unknown[] = [];
    for (const item of level) {
      if (typeof item === "string" && !isFit(item)) return false;
      if (typeof item !== "object" || item === null) continue;
      if (depth === MAX_DEPTH) return false;
      if (!Array.isArray(item) && !Object.keys(item).every(isFit)) return false;
      for (const inner of Object.values(item)) next.push(inner);
    }
    level = next;
  }
  return true;
}

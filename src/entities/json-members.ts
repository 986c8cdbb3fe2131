/*
 * Stored JSON has the shape that its last writer gave it: an older release, an import, another program. Readers check its content and never trust it.
 */

/** Tells whether a value of JSON is an object. */
export const isObject = (json: unknown): json is Record<string, unknown> =>
  typeof json === "object" && json !== null && !Array.isArray(json);

/** Returns the members of an object of JSON, under their own names alone; none of any other value. */
export const membersOf = (json: unknown): Readonly<Record<string, unknown>> =>
  Object.assign(Object.create(null) as object, isObject(json) ? json : {});

/** Returns a text of JSON; an empty one for any other value. */
export const textIn = (json: unknown): string => (typeof json === "string" ? json : "");

/** Returns a list of JSON; an empty one for any other value. */
export const listIn = (json: unknown): readonly unknown[] => (Array.isArray(json) ? json : []);

/** Returns the texts of a list of JSON. */
export const textsIn = (json: unknown): string[] => listIn(json).filter((item) => typeof item === "string");

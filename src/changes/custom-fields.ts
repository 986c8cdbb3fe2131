/** Values of single custom fields, to be put among those that an object has. */
export class CustomFieldValues {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #instead: unknown;

  /**
   * @param values by key; null removes the key.
   * @param instead the values to start from; undefined for the object's own.
   */
  constructor(values: Readonly<Record<string, unknown>>, instead?: unknown) {
    this.#values = values;
    this.#instead = instead;
  }

  /** Returns all custom fields of an object that had these. Returns a value that is no object unchanged. */
  over(had: unknown): unknown {
    const before = this.#instead === undefined ? (had ?? null) : this.#instead;
    if (typeof before !== "object" || Array.isArray(before)) return before;
    const after = new Map(Object.entries({ ...before, ...this.#values }));
    for (const [key, value] of Object.entries(this.#values)) if (value === null) after.delete(key);
    return before === null && after.size === 0 ? null : Object.fromEntries(after);
  }
}

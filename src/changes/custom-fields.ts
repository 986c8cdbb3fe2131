/** Values of single custom fields, to be put among those that an object has. */
export class CustomFieldValues {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #instead: unknown;

  /**
   * @param values by key; null takes the key away.
   * @param instead what is given for all of them besides, to start from; undefined for what the object has.
   */
  constructor(values: Readonly<Record<string, unknown>>, instead?: unknown) {
    this.#values = values;
    this.#instead = instead;
  }

  /** All custom fields of an object that had these; what is no object comes back as it is. */
  over(had: unknown): unknown {
    const before = this.#instead === undefined ? (had ?? null) : this.#instead;
    if (typeof before !== "object" || Array.isArray(before)) return before;
    const after = new Map(Object.entries({ ...before, ...this.#values }));
    for (const [key, value] of Object.entries(this.#values)) if (value === null) after.delete(key);
    return before === null && after.size === 0 ? null : Object.fromEntries(after);
  }
}

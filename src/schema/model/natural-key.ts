/** The parts of a natural key as one text, each escaped so that `;` parts them; Nautobot's rule. */
export function compositeKey(parts: readonly unknown[]): string {
  return parts.map((part) => quote(part === null ? "\0" : String(part))).join(";");
}

/** A readable name of an object: its natural key in lower-case letters, digits and dashes, and the start of its id. */
export function naturalSlug(parts: readonly unknown[], id: string): string {
  return [...parts.map(slugify), id.slice(0, 4)].join("_");
}

/** Python's `quote_plus`, with `.` and `:` left as they are. */
function quote(text: string): string {
  return encodeURIComponent(text)
    .replaceAll(/[!'()*]/g, (character) => `%${character.codePointAt(0)!.toString(16).toUpperCase()}`)
    .replaceAll("%20", "+")
    .replaceAll("%3A", ":");
}

function slugify(part: unknown): string {
  return String(part ?? "")
    .normalize("NFKD")
    .replaceAll(/\p{Mark}/gu, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}

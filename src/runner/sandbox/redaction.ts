import type { SanitizerPattern } from "../../sanitizer-patterns.ts";
import { fitText } from "./fit-text.ts";
import { formsOf, PIECE } from "./secret-forms.ts";

/** What stands in the place of what nobody may read. */
export const REDACTED = "(redacted)";

/** What is kept out of what a run says. Structured-cloneable: it crosses a thread boundary. */
export interface Redaction {
  /** Values of sensitive inputs. */
  secrets: readonly string[];
  /** What else is looked for in texts. */
  patterns: readonly SanitizerPattern[];
}

/** Makes what a run says fit for others. */
export interface Redactor {
  /** A text as it may be stored: without secrets, without what patterns find, and at most so long. What is cut is said by a mark. */
  text(text: string, maxLength: number): string;
  /** A JSON value without secrets. */
  json(value: unknown): unknown;
  /** How much of the beginning of a text can be told now: its end may be the beginning of a secret. */
  tellable(text: string): number;
}

/** With so much more than may be stay, a pattern finds also what begins before the end and goes on after it. */
const MARGIN = 1024;
/** Expressions in one regular expression: the engine refuses very long ones. */
const MAX_ALTERNATIVES = 500;

/** What is looked for, ready to be found. */
interface Compiled {
  finders: RegExp[];
  sanitizers: (readonly [RegExp, string])[];
  /** Spellings of secrets by their first character. */
  beginnings: Map<string, string[]>;
}

function compile({ secrets, patterns }: Redaction): Compiled {
  const { texts, words, expressions } = formsOf(secrets);
  // The longest first: one may be the beginning of another.
  const sorted = texts.toSorted((a, b) => b.length - a.length);
  const alternatives = [
    ...expressions,
    ...sorted.map(RegExp.escape),
    ...words.map((word) => `(?<![\\p{L}\\p{N}_])${RegExp.escape(word)}(?![\\p{L}\\p{N}_])`),
  ];
  const finders = Array.from(
    { length: Math.ceil(alternatives.length / MAX_ALTERNATIVES) },
    (_, i) => new RegExp(`(?:${alternatives.slice(i * MAX_ALTERNATIVES, (i + 1) * MAX_ALTERNATIVES).join("|")})+`, "gu"),
  );
  const sanitizers = patterns.map(([expression, replacement]) => [new RegExp(expression, "gi"), replacement] as const);
  return { finders, sanitizers, beginnings: Map.groupBy(texts, (text) => text[0]!) };
}

/** Makes a redactor; one that has nothing to hide still makes texts fit. */
export function createRedactor(redaction: Redaction = { secrets: [], patterns: [] }): Redactor {
  // When it is first used: a secret may be a file of thousands of lines, and this side of a sandbox hardly ever has a text to tell.
  let compiled: Compiled | undefined;
  const known = () => (compiled ??= compile(redaction));

  const hide = (text: string) => known().finders.reduce((hidden, finder) => hidden.replace(finder, REDACTED), text);

  /** Where a secret may have begun that ends after the text; the text's length if none has. */
  function lastBeginning(text: string): number {
    const { beginnings } = known();
    if (beginnings.size === 0) return text.length;
    for (let at = Math.max(0, text.length - PIECE); at < text.length; at += 1) {
      const end = text.slice(at);
      if (beginnings.get(end[0]!)?.some((form) => form.length > end.length && form.startsWith(end))) return at;
    }
    return text.length;
  }

  function tellable(text: string): number {
    const at = lastBeginning(text);
    // A secret that is complete must not be told in two halves.
    for (const finder of known().finders)
      for (const { 0: found, index } of text.matchAll(finder)) {
        const end = index + found.length;
        if (index < at && at < end) return end + tellable(text.slice(end));
      }
    return at;
  }

  function json(value: unknown): unknown {
    if (typeof value === "string") return hide(value);
    if (typeof value === "number") return hide(String(value)) === String(value) ? value : REDACTED;
    // Bytes, one by one.
    if (Array.isArray(value) && value.every(Number.isInteger) && hide(value.join()) !== value.join()) return REDACTED;
    if (Array.isArray(value)) return value.map(json);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [hide(key), json(inner)]));
  }

  return {
    text(text, maxLength) {
      let head = text.length > maxLength + MARGIN ? text.slice(0, maxLength + MARGIN) : text;
      if (head !== text) head = head.slice(0, lastBeginning(head));
      let shown = hide(head);
      for (const [expression, replacement] of known().sanitizers) shown = shown.replace(expression, replacement);
      return fitText(shown, maxLength, text.length - head.length);
    },
    json: (value) => (redaction.secrets.length === 0 ? value : json(value)),
    tellable,
  };
}

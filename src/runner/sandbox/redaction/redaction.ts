import type { SanitizerPattern } from "../../../sanitizer-patterns.ts";
import { fitText, readCut } from "./fit-text.ts";
import { formsOf, PIECE } from "./secret-forms.ts";

/** Replacement of secret texts. */
const REDACTED = "(redacted)";
/**
 * Replacement while a text is worked on: a character that no text has. Hidden text is then no part of a word, is never cut in two, and is not matched again,
 * neither by the next pattern nor by another redaction of the text.
 */
const MARK = "\0";

/** A text to be worked on. NUL is told as `␀` anyway. */
const marked = (text: string) => text.replaceAll(MARK, "␀").replaceAll(REDACTED, MARK);
const unmarked = (text: string) => text.replaceAll(MARK, REDACTED);

/** Secrets and patterns that are removed from the output of a run. Structured-cloneable: it crosses a thread boundary. */
export interface Redaction {
  /** Values of sensitive inputs. */
  secrets: readonly string[];
  /** Patterns to look for besides secrets. */
  patterns: readonly SanitizerPattern[];
}

/** Makes the output of a run fit for others. */
export interface Redactor {
  /** Returns a text as it may be stored: without secrets and matches of patterns, and at most so long. A mark shows a cut. */
  text(text: string, maxLength: number): string;
  /** A JSON value without secrets. */
  json(value: unknown): unknown;
  /** Returns the number of characters of a text that can be shown now: its end may be the beginning of a secret. */
  tellable(text: string): number;
}

/** Characters behind the longest text that are searched too: a pattern then finds a match that begins before the end and goes on after it. */
const MARGIN = 1024;
/** Rounds of redaction until nothing changes: hidden text may leave a word that stands alone now. */
const MAX_ROUNDS = 8;
/** Expressions in one regular expression: the engine refuses very long ones. */
const MAX_ALTERNATIVES = 500;

/** A secret or pattern, ready for the search. */
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

  const hideMarked = (text: string) =>
    untilStable(text, (shown) => known().finders.reduce((hidden, finder) => hidden.replace(finder, MARK), shown));
  const hide = (text: string) => unmarked(hideMarked(marked(text)));

  /** Returns the start of a secret that may continue after the text; the text's length for none. */
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
    if (Array.isArray(value)) return value.every(Number.isInteger) ? integers(value) : value.map(json);
    if (typeof value !== "object" || value === null) return value;
    const hidden = new Map<string, unknown>();
    for (const [key, inner] of Object.entries(value)) {
      let name = hide(key);
      while (hidden.has(name)) name += REDACTED;
      hidden.set(name, json(inner));
    }
    return Object.fromEntries(hidden);
  }

  /** Returns numbers with the secret hidden: it may be one of them, or several, such as bytes. */
  function integers(values: readonly number[]): unknown[] {
    const text = values.join();
    const hidden = hide(text);
    if (hidden === text) return [...values];
    return hidden.split(",").map((part) => (part.includes(REDACTED) ? REDACTED : Number(part)));
  }

  function once(text: string, maxLength: number): string {
    const { kept, missing } = readCut(text);
    let head = kept.length > maxLength + MARGIN ? kept.slice(0, maxLength + MARGIN) : kept;
    if (head !== kept) head = head.slice(0, lastBeginning(head));
    let shown = hideMarked(marked(head));
    for (const [expression, replacement] of known().sanitizers) {
      const sanitized = shown.replace(expression, replacement);
      if (sanitized !== shown) shown = sanitized.replaceAll(REDACTED, MARK);
    }
    return fitMarked(shown, maxLength, missing + kept.length - head.length);
  }

  return {
    text: (text, maxLength) => untilStable(text, (shown) => once(shown, maxLength)),
    json: (value) => (redaction.secrets.length === 0 ? value : json(value)),
    tellable,
  };
}

/** Returns a text that was changed again and again, until that changed nothing. */
function untilStable(text: string, change: (text: string) => string): string {
  let shown = text;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const next = change(shown);
    if (next === shown) return shown;
    shown = next;
  }
  return shown;
}

/** A text as it may be stored, of which no mark is cut in two. */
function fitMarked(shown: string, maxLength: number, missing: number): string {
  const fit = fitText(unmarked(shown), maxLength, missing);
  const { kept, missing: cut } = readCut(fit);
  if (cut === 0) return fit;
  const last = kept.lastIndexOf("(");
  const rest = kept.slice(last);
  if (last === -1 || rest === REDACTED || !REDACTED.startsWith(rest)) return fit;
  return kept.slice(0, last) + fit.slice(kept.length);
}

import { Buffer } from "node:buffer";
import { inspect } from "node:util";

/** Below this length a value is too common a text to be looked for inside of words, or in other spellings. */
export const MIN_SECRET = 4;
/** Length of the pieces in which longer spellings are searched, so that a text that was cut by a width or a limit still matches. */
export const PIECE = 64;
/** Bytes in a piece of a text that prints bytes one by one; Node prints the first 50 of a Buffer. */
const PIECE_BYTES = 16;

/** Spellings of secrets. */
export interface SecretForms {
  /** Texts, each of {@link MIN_SECRET} to {@link PIECE} characters. */
  texts: string[];
  /** Values that are shorter: they are looked for as words of their own. */
  words: string[];
  /** Regular expressions, for spellings that are broken into lines. */
  expressions: string[];
}

/**
 * Returns all texts that a naive print makes of secrets: the value itself, a value of several lines line by line, and its forms in JSON, `console.log`, URLs,
 * HTML, base64 and hexadecimal.
 */
export function formsOf(secrets: readonly string[]): SecretForms {
  const texts = new Set<string>();
  const words = new Set<string>();
  const expressions = new Set<string>();
  const add = (form: string) => {
    for (const piece of piecesOf(form)) if (piece.length >= MIN_SECRET) texts.add(piece);
  };
  for (const secret of secrets) {
    // A secret may contain the replacement itself: the parts around it are searched instead.
    const lines = secret
      .replaceAll("\0", "␀")
      .split(/[\r\n]+|\(redacted\)/)
      .map((line) => line.trim())
      .filter((line) => line !== "");
    for (const line of lines) {
      if (line.length < MIN_SECRET) {
        words.add(line);
        continue;
      }
      for (const spell of SPELLINGS) add(spell(line));
    }
    const bytes = Buffer.from(secret);
    if (bytes.length < MIN_SECRET) continue;
    const hex = bytes.toString("hex");
    // `btoa` takes characters for bytes.
    for (const form of [...base64(bytes), ...base64(Buffer.from(secret, "latin1")), hex, hex.toUpperCase()]) add(form);
    for (const part of partsOf(bytes)) {
      texts.add(part.toString("hex").replaceAll(/..(?!$)/g, "$& "));
      expressions.add(`(?<!\\d)${part.join("(?:,\\s*|\\s+)")}(?!\\d)`);
    }
  }
  return { texts: [...texts], words: [...words], expressions: [...expressions] };
}

const json = (text: string) => JSON.stringify(text).slice(1, -1);

const SPELLINGS: readonly ((line: string) => string)[] = [
  (line) => line,
  json,
  (line) => json(json(line)),
  (line) => inspect(line).slice(1, -1),
  (line) => encodeURIComponent(line.toWellFormed()),
  (line) => encodeURI(line.toWellFormed()),
  (line) => new URLSearchParams([[line, ""]]).toString().slice(0, -1),
  (line) => line.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;"),
];

/** Returns the base64 forms of bytes within other bytes: each third position gives another text. Characters that depend on the neighbours are left out. */
function base64(bytes: Buffer): string[] {
  const forms = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    const isWhole = (before + bytes.length) % 3 === 0;
    return text.slice(Math.ceil((before * 8) / 6), isWhole ? undefined : -1);
  });
  forms.push(bytes.toString("base64").replace(/=+$/, ""));
  return [...forms, ...forms.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"))];
}

/** Parts of a text of about the same length, each of at most {@link PIECE} characters, and one more where that would be half of one. */
function piecesOf(text: string): string[] {
  const length = partLength(text.length, PIECE);
  const pieces: string[] = [];
  for (let from = 0; from < text.length; from += pieces.at(-1)!.length) {
    const isHalved = /^[\uD800-\uDBFF][\uDC00-\uDFFF]/.test(text.slice(from + length - 1, from + length + 1));
    pieces.push(text.slice(from, from + length + (isHalved ? 1 : 0)));
  }
  return pieces;
}

/** Parts of bytes of about the same length, each of at most {@link PIECE_BYTES}. */
function partsOf(bytes: Buffer): Buffer[] {
  const length = partLength(bytes.length, PIECE_BYTES);
  return Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) => bytes.subarray(i * length, (i + 1) * length));
}

const partLength = (whole: number, most: number) => Math.ceil(whole / Math.ceil(whole / most));

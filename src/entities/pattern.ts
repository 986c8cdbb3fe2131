import { LRUCache } from "lru-cache";
import { RE2JS } from "re2js";
import { endsThere, type Place, startsThere } from "./any-case.ts";

/*
 * Regular expressions mean what RE2 says, on either database. SQLite is given RE2 itself. PostgreSQL has an engine of its own, so a pattern is
 * spelled again for it, in the few words that mean the same there. Its structure is read here; which characters a part of it stands for, RE2 is asked.
 */

/** Characters that a pattern may have: a class can name a thousand ranges in three of them. */
const MAX_LENGTH = 2000;
/** Steps that a pattern may have, about. A repeated part counts as often as its bounds allow. */
const MAX_STEPS = 2000;
/** Places such as `\b` in a row that need not be passed: PostgreSQL goes through all their combinations before it looks at a text. */
const MAX_LOOSE = 12;
/** Characters in a row, such as those of `(?:a|b?){100}`, that need not be there: PostgreSQL joins each of them with all that follow. */
const MAX_SPARE = 256;
/** Ranges of characters that a pattern may stand for: `\pL` has some 600. */
const MAX_RANGES = 20_000;

/** Both ends included. */
type Range = readonly [from: number, to: number];

/** A part of a pattern in PostgreSQL's spelling. */
interface Part {
  text: string;
  /** True if the part can be repeated as it is. PostgreSQL takes a hundred times as long for a part in more groups than it needs. */
  isAtom?: true;
  steps: number;
  /** The least that it matches: a character or more, only a place between two, or neither. */
  kind: "character" | "loose" | "place";
  /** Places in it that need not be passed. */
  loose: number;
  /** Characters that need not be there, if nothing of it need. */
  spare: number;
}

/** A group that is open, or the whole pattern. */
interface Group {
  flags: string;
  /** Alternatives before the one that is under way. */
  branches: Part[];
  parts: Part[];
}

/**
 * Returns a pattern of RE2's syntax as an advanced regular expression of PostgreSQL that matches the same texts.
 * @throws Error that says why it is no such pattern, or that it is too large.
 */
export function translatePattern(pattern: string): string {
  if (pattern.length > MAX_LENGTH) throw new Error(`it has more than ${MAX_LENGTH} characters`);
  const { text } = read(pattern);
  // Last, as a large pattern would take RE2 long. The code above may have read an invalid pattern wrongly.
  RE2JS.compile(pattern);
  return text;
}

/** Tells whether each of some texts has a match of a pattern. @throws Error that says why it is no pattern of RE2's syntax. */
export function isFoundInAll(pattern: string, texts: readonly string[]): boolean {
  const compiled = RE2JS.compile(pattern);
  return texts.every((text) => compiled.matcher(text).find());
}

/** Characters of the texts in one pattern. */
const TEXTS_LENGTH = 5000;

/** Returns patterns of PostgreSQL, as few as may be, one of which finds one of these texts at a place, in any case. */
export function translateTexts(texts: readonly string[], place: Place): string[] {
  const groups: { length: number; spelled: string[] }[] = [];
  for (const text of texts) {
    const last = groups.at(-1);
    const spelled = [...text].map((character) => spell(charactersOf(RE2JS.quote(character), true))).join("");
    if (last && last.length + text.length <= TEXTS_LENGTH) {
      last.spelled.push(spelled);
      last.length += text.length;
    } else groups.push({ length: text.length, spelled: [spelled] });
  }
  const [start, end] = [startsThere(place) ? "\\A" : "", endsThere(place) ? "\\Z" : ""];
  return groups.map(({ spelled }) => `${start}(?:${spelled.join("|")})${end}`);
}

const CLASS = String.raw`\\(?:[pP]\{[^}]*\}|[pP][^]|[dDsSwW])`;
const CHARACTER = String.raw`\\(?:[pP]\{[^}]*\}|[pP][^]|x\{[^}]*\}|x[^]{2}|[0-7]{1,3}|[^])|[^]`;
const ONE = new RegExp(CHARACTER, "uy");
const CLASS_ITEM = new RegExp(String.raw`\[:\^?\w{1,10}:\]|${CLASS}|(?:${CHARACTER})(?:-(?!\])(?:${CHARACTER}))?`, "uy");
const REPEAT = /(?:([*+?])|\{(0|[1-9]\d*)(,(0|[1-9]\d*)?)?\})\??/uy;
const FLAGS = /\(\?([imsU]*)(?:-([imsU]+))?([:)])/uy;
const GROUP = /\((?:\?P?<[^>]*>)?/uy;
const QUOTED = /\\Q([^]*?)(?:\\E|$)/uy;

// Words are of ASCII to RE2, and not to PostgreSQL.
const [BEFORE, NOT_BEFORE] = ["(?=[0-9A-Za-z_])", "(?![0-9A-Za-z_])"];
const [AFTER, NOT_AFTER] = ["(?<=[0-9A-Za-z_])", "(?<![0-9A-Za-z_])"];

/** Places between characters. */
const PLACES: Readonly<Record<string, string>> = {
  "\\A": "\\A",
  "\\z": "\\Z",
  "\\b": `(?:${NOT_AFTER}${BEFORE}|${AFTER}${NOT_BEFORE})`,
  "\\B": `(?:${NOT_AFTER}${NOT_BEFORE}|${AFTER}${BEFORE})`,
};
const OF_TEXT: Readonly<Record<string, string>> = { "^": "\\A", $: "\\Z" };
const OF_LINES: Readonly<Record<string, string>> = { "^": "(?<![^\\n])", $: "(?![^\\n])" };

function read(pattern: string): Part {
  let at = 0;
  let ranges = 0;
  let group: Group = { flags: "", branches: [], parts: [] };
  const outer: Group[] = [];

  function take(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = at;
    const found = expression.exec(pattern);
    if (found) at = expression.lastIndex;
    return found;
  }
  function open(flags: string): void {
    outer.push(group);
    group = { flags, branches: [], parts: [] };
  }
  function characters(spelled: string): void {
    const found = charactersOf(spelled, group.flags.includes("i"));
    ranges += found.length;
    if (ranges > MAX_RANGES) throw new Error(`it has more than ${MAX_RANGES} ranges of characters`);
    group.parts.push(characterPart(spell(found)));
  }
  function readClass(): void {
    const start = at;
    at += pattern[at + 1] === "^" ? 2 : 1;
    do take(CLASS_ITEM);
    while (at < pattern.length && pattern[at] !== "]");
    at += 1;
    characters(pattern.slice(start, at));
  }
  function readOne(): void {
    const [one] = take(ONE)!;
    const place = PLACES[one] ?? (group.flags.includes("m") ? OF_LINES : OF_TEXT)[one];
    if (place !== undefined)
      group.parts.push({ text: place, steps: 1, kind: "place", loose: place.includes("|") ? 2 : 1, spare: 0 });
    else if (one === "." && group.flags.includes("s")) group.parts.push(characterPart("."));
    else if (one === "|") group = { flags: group.flags, branches: [...group.branches, sequence(group.parts)], parts: [] };
    else if (one !== ")") characters(one);
    else if (outer.length > 0) {
      const part = alternatives(group);
      group = outer.pop()!;
      group.parts.push(part);
    }
  }

  while (at < pattern.length) {
    const repeat = take(REPEAT);
    if (repeat) {
      const part = group.parts.pop();
      if (part) group.parts.push(repeated(part, repeat));
      continue;
    }
    const flags = take(FLAGS);
    if (flags) {
      const [, on = "", off = "", end] = flags;
      const changed = [...(group.flags + on)].filter((flag) => !off.includes(flag)).join("");
      if (end === ":") open(changed);
      else group.flags = changed;
      continue;
    }
    const quoted = take(QUOTED);
    if (quoted) for (const character of quoted[1]!) characters(RE2JS.quote(character));
    else if (take(GROUP)) open(group.flags);
    else if (pattern[at] === "[") readClass();
    else readOne();
  }
  return alternatives(group);
}

const characterPart = (text: string): Part => ({ text, isAtom: true, steps: 1, kind: "character", loose: 0, spare: 1 });

function bounded(part: Part): Part {
  if (part.steps > MAX_STEPS) throw new Error(`it has more than ${MAX_STEPS} steps, with what it repeats`);
  if (part.loose > MAX_LOOSE) throw new Error(`it has more than ${MAX_LOOSE} places in a row that need not be passed`);
  if (part.spare > MAX_SPARE) throw new Error(`it has more than ${MAX_SPARE} characters in a row that need not be there`);
  return part;
}

const stepsOf = (parts: readonly Part[]) => parts.reduce((sum, { steps }) => sum + steps, 1);
const looseOf = (parts: readonly Part[]) => parts.reduce((sum, { loose }) => sum + loose, 0);
const spareOf = (parts: readonly Part[]) => parts.reduce((sum, { spare }) => sum + spare, 0);

function sequence(parts: readonly Part[]): Part {
  if (parts.length === 1) return parts[0]!;
  const text = parts.map((part) => part.text).join("");
  const steps = stepsOf(parts);
  if (parts.every(({ kind }) => kind === "place"))
    return bounded({ text, steps, kind: "place", loose: Math.min(looseOf(parts), 2), spare: 0 });
  const runs = runsOf(parts);
  const [loose, spare] = [Math.max(...runs.map(looseOf)), Math.max(...runs.map(spareOf))];
  const whole = bounded({ text, steps, kind: "loose", loose, spare });
  return parts.some(({ kind }) => kind === "character") ? { ...whole, kind: "character", loose: 0, spare: 1 } : whole;
}

/** The parts between those that are sure to match a character. */
function runsOf(parts: readonly Part[]): Part[][] {
  const runs: Part[][] = [[]];
  for (const part of parts) {
    if (part.kind === "character") runs.push([]);
    else runs.at(-1)!.push(part);
  }
  return runs;
}

function alternatives({ branches, parts }: Group): Part {
  const all = [...branches, sequence(parts)];
  if (all.length === 1) return all[0]!;
  const kind = all.every((branch) => branch.kind === all[0]!.kind) ? all[0]!.kind : "loose";
  return bounded({
    text: `(?:${all.map(({ text }) => text).join("|")})`,
    isAtom: true,
    steps: stepsOf(all),
    kind,
    loose: looseOf(all),
    spare: spareOf(all),
  });
}

/** PostgreSQL repeats nothing more often at once, and RE2 nothing more often at all. */
const [MAX_TIMES, MAX_REPEATS] = [255, 1000];
/** A part that matches without a look at the text. */
const NOTHING: Part = { text: "(?:)", steps: 1, kind: "place", loose: 0, spare: 0 };

function repeated(part: Part, [, sign, least, comma, most]: RegExpExecArray): Part {
  const one = part.isAtom ? part.text : `(?:${part.text})`;
  const min = sign ? Number(sign === "+") : Number(least);
  const isOpen = sign ? sign !== "?" : comma !== undefined && most === undefined;
  const max = sign === "?" ? 1 : Number(most ?? min);
  // A place matches or not, however often it is repeated.
  if (part.kind === "place") return min > 0 ? part : NOTHING;
  if (max > MAX_REPEATS) throw new Error(`it repeats more than ${MAX_REPEATS} times`);
  const times = (count: number, from: string) =>
    Array.from(
      { length: Math.ceil(count / MAX_TIMES) },
      (_, n) => `${one}{${from}${Math.min(MAX_TIMES, count - n * MAX_TIMES)}}`,
    );
  const texts = [...times(min, ""), ...times(max - min, "0,"), ...(isOpen ? [`${one}*`] : [])];
  return bounded({
    text: texts.join(""),
    steps: part.steps * Math.max(max, 1) + 1,
    kind: min > 0 ? part.kind : "loose",
    loose: part.loose * Math.max(max, 1),
    // PostgreSQL passes a part that matches a character each time from its start alone.
    spare: part.kind === "character" ? part.spare : part.spare * Math.max(max, 1),
  });
}

const LAST = 0x10_ff_ff;

/** Returns the characters that a part of a pattern may stand for; the part stands for one. */
function charactersOf(spelled: string, ignoreCase: boolean): readonly Range[] {
  return known.memo(`${ignoreCase ? "i" : "-"}${spelled}`);
}

const known = new LRUCache<string, readonly Range[]>({
  max: 500,
  memoMethod: (key) => rangesOf(key.slice(1), key.startsWith("i")),
});

function rangesOf(spelled: string, ignoreCase: boolean): readonly Range[] {
  const { inst } = RE2JS.compile(ignoreCase ? `(?i:${spelled})` : spelled).re2().prog as { inst: { runes: Int32Array }[] };
  const runes = inst.find((step) => step.runes.length > 0)?.runes ?? [];
  if (runes.length !== 1) return Array.from({ length: runes.length / 2 }, (_, n) => [runes[2 * n]!, runes[2 * n + 1]!]);
  // A character with all its cases: those that all others are not.
  return ignoreCase ? othersThan(rangesOf(`[^\\x{${runes[0]!.toString(16)}}]`, true)) : [[runes[0]!, runes[0]!]];
}

function othersThan(ranges: readonly Range[]): Range[] {
  const ends = [...ranges.map(([from, to]) => [from - 1, to + 1] as const), [LAST, LAST] as const];
  return ends.flatMap(([to], n): Range[] => {
    const from = n === 0 ? 0 : ends[n - 1]![1];
    return from <= to ? [[from, to]] : [];
  });
}

/** The characters as PostgreSQL spells them. No text holds NUL there, and it knows no name of it. */
function spell(ranges: readonly Range[]): string {
  const given = ranges.flatMap(([from, to]): Range[] => (to === 0 ? [] : [[Math.max(from, 1), to]]));
  const [first, second] = given;
  // No characters: a character after the end of the text never matches.
  if (!first) return "(?:\\Z.)";
  if (!second && first[0] === first[1]) return nameOf(first[0]);
  return `[${given.map(([from, to]) => (from === to ? nameOf(from) : `${nameOf(from)}-${nameOf(to)}`)).join("")}]`;
}

function nameOf(code: number): string {
  const character = String.fromCodePoint(code);
  if (/[0-9A-Za-z]/.test(character)) return character;
  const digits = code.toString(16);
  return code > 0xff_ff ? `\\U${digits.padStart(8, "0")}` : `\\u${digits.padStart(4, "0")}`;
}

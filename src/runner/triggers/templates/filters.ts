import type { Environment } from "minijinja-js/dist/web/minijinja_js.js";

/** Characters that a filter of ours takes or makes room for; MiniJinja's own are bounded by its memory. */
const MAX_CHARACTERS = 100_000;

/** A filter, called with its arguments by position. `undefined` stands for an absent argument. */
type Filter = (...args: unknown[]) => string | number;

/** Filters of Jinja2 that MiniJinja lacks, by the names of their arguments; `truncate` it has, but only with its arguments named. */
const FILTERS: Record<string, { names: readonly string[]; filter: Filter }> = {
  center: { names: ["width"], filter: center },
  format: { names: [], filter: format },
  truncate: { names: ["length", "killwords", "end", "leeway"], filter: truncate },
  urlencode: {
    names: [],
    filter: (text) =>
      encodeURIComponent(toText(text))
        .replaceAll("%2F", "/")
        .replaceAll(/[!'()*]/g, toPercent),
  },
  wordcount: { names: [], filter: (text) => toText(text).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0 },
};

/** Teaches an environment the filters. */
export function addFilters(environment: Environment): void {
  for (const [name, { names, filter }] of Object.entries(FILTERS)) {
    environment.addFilter(name, (...args: unknown[]) => {
      try {
        return filter(...place(args, names));
      } catch (error) {
        // The engine breaks when a filter throws. A value that it cannot take fails the template alone.
        filterError = `filter ${name}: ${(error as Error).message}`;
        return Symbol(name);
      }
    });
  }
}

let filterError: string | undefined;

/** Returns the error of a filter since the last call; the engine itself does not know it. */
export function takeFilterError(): string | undefined {
  const error = filterError;
  filterError = undefined;
  return error;
}

/** Arguments that came by name, in a map behind the others, are put in their places. */
function place(args: readonly unknown[], names: readonly string[]): unknown[] {
  const named: unknown = args.at(-1);
  if (names.length === 0 || args.length === 1 || !(named instanceof Map)) return [...args];
  const placed = args.slice(0, -1);
  for (const [name, value] of named) {
    const index = names.indexOf(name as string);
    if (index === -1) throw new Error(`it has no argument ${name}`);
    placed[index + 1] = value;
  }
  return placed;
}

function toText(value: unknown): string {
  if (typeof value === "object") throw new Error("it takes texts and numbers only");
  const text = String(value ?? "");
  if (text.length > MAX_CHARACTERS) throw new Error(`it takes no more than ${MAX_CHARACTERS} characters`);
  return text;
}

function toNumber(value: unknown): number {
  const number = typeof value === "number" || typeof value === "string" ? Number(value) : Number.NaN;
  if (Number.isNaN(number)) throw new Error("it expects a number");
  return number;
}

const toPercent = (character: string) => `%${character.codePointAt(0)!.toString(16).toUpperCase()}`;

function center(value: unknown, width: unknown = 80): string {
  const text = toText(value);
  const wanted = toNumber(width);
  if (wanted > MAX_CHARACTERS) throw new Error(`it makes no more than ${MAX_CHARACTERS} characters`);
  const room = Math.max(0, wanted - [...text].length);
  // Where the room is odd, the wider side is Python's.
  const before = Math.floor(room / 2) + (room & wanted & 1);
  return " ".repeat(before) + text + " ".repeat(room - before);
}

function truncate(
  value: unknown,
  length: unknown = 255,
  killWords: unknown = false,
  end: unknown = "...",
  leeway: unknown = 5,
): string {
  const characters = [...toText(value)];
  const tail = toText(end);
  const wanted = toNumber(length);
  if (characters.length <= wanted + toNumber(leeway)) return characters.join("");
  const kept = characters.slice(0, Math.max(0, wanted - [...tail].length)).join("");
  const lastSpace = kept.lastIndexOf(" ");
  return (killWords || lastSpace === -1 ? kept : kept.slice(0, lastSpace)) + tail;
}

/** Flags, width, precision and kind of one place in a format; bounded, so that no template asks for a million zeros. */
const PLACE = /%([-+ 0]{0,4})(\d{0,3})(?:\.(\d{1,2}))?([sdifxX%])/g;

function format(template: unknown, ...args: unknown[]): string {
  let next = 0;
  return toText(template).replaceAll(PLACE, (_, flags: string, width: string, precision: string | undefined, kind: string) => {
    if (kind === "%") return "%";
    if (next === args.length) throw new Error("it has more places than arguments");
    const text = formatOne(args[next++], kind, precision);
    const signed = flags.includes("+") && kind !== "s" && !text.startsWith("-") ? `+${text}` : text;
    if (flags.includes("-")) return signed.padEnd(Number(width));
    if (!flags.includes("0") || kind === "s") return signed.padStart(Number(width));
    const [, sign, digits] = /^([-+]?)(.*)$/.exec(signed)!;
    return sign + digits!.padStart(Number(width) - sign!.length, "0");
  });
}

function formatOne(value: unknown, kind: string, precision: string | undefined): string {
  switch (kind) {
    case "s":
      return precision === undefined ? toText(value) : [...toText(value)].slice(0, Number(precision)).join("");
    case "f":
      return toNumber(value).toFixed(Number(precision ?? 6));
    case "x":
      return Math.trunc(toNumber(value)).toString(16);
    case "X":
      return Math.trunc(toNumber(value)).toString(16).toUpperCase();
    default:
      return String(Math.trunc(toNumber(value)));
  }
}

import {
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
  GraphQLScalarType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredArgument,
  isRequiredInputField,
} from "graphql";

/*
 * Values that a client may send, each a text of JSON. Nested ones are written by hand, since JSON.stringify has an end to its stack too.
 */

/** A value under a name, for the report of a failure. */
export interface Hostile {
  words: string;
  json: string;
}

const ID = "01a20d41-bf32-73c7-86b0-37568f855895";
const value = (words: string, plain: unknown): Hostile => ({ words, json: JSON.stringify(plain) });
const texts = (given: Readonly<Record<string, string>>) => Object.entries(given).map(([words, text]) => value(words, text));

const TEXTS = texts({
  "an empty text": "",
  "a NUL": "a\0b",
  "half a pair": "a\ud800b",
  "the other half": "\udfff",
  "a byte order mark": "\ufeffa",
  "an emoji": "👩‍🚀",
  quotes: `'"\`$$\\%_`,
  "a long text": "a".repeat(100_000),
  "an upper-case id": ID.toUpperCase(),
  "an id in braces": `{${ID}}`,
  "an id without dashes": ID.replaceAll("-", ""),
  "an id of no version": "00000000-0000-0000-0000-000000000000",
  "half an id": ID.slice(0, 20),
  "a class path": "a.b.C",
  "a content type": "extras.job",
  "a made-up content type": "x.y",
  "a name of a prototype": "__proto__",
  constructor: "constructor",
});

const PATTERNS = texts({
  "a group that is not closed": "(",
  "a class that is not closed": "[a",
  "nothing to repeat": "*",
  "too many repeats": "a{1001}",
  "repeats of repeats": "((a{100}){100}){100}",
  "an upper-case letter": "\\p{Lu}",
  "a script": "\\p{Greek}",
  "a class of no name": "\\p{Nope}",
  "a named group": "(?P<x>a)",
  "another named group": "(?<x>a)",
  "an end": "a\\z",
  "a start": "\\Aa",
  "a word": "\\bword\\b",
  "a quote": "\\Qa.b\\E",
  "a byte": "\\C",
  "a code point": "\\x{10FFFF}",
  "flags in a group": "(?i:a)b",
  "flags that go": "(?s-i)a.b",
  "an ungreedy flag": "(?U)a+",
  "a POSIX class": "[[:alpha:]]",
  "a POSIX class that is none": "[[:word:]]",
  "a back-reference": "(a)\\1",
  "a look-ahead": "(?=a)",
  "a look-behind": "(?<!a)b",
  "an atomic group": "(?>a)",
  "a comment": "(?#a)b",
  "a director": "***:a",
  "another director": "***=a(",
  "an embedded option": "(?q)a(",
  "a trailing backslash": "a\\",
  "octal digits": "\\012",
  "empty alternatives": "|||",
  "nested empties": "(|a)*",
  "a long pattern": "(a|b)".repeat(20_000),
  "deep groups": "(".repeat(2000) + ")".repeat(2000),
  "a class of a class": "[\\d-z]",
  "the wrong way round": "[z-a]",
  "escapes of PostgreSQL": "\\m\\M\\y\\Y",
});

const TIMES = texts({
  "the year 0": "0000-01-01T00:00:00Z",
  "the year -1": "-000001-01-01T00:00:00Z",
  "the year 10000": "+010000-01-01T00:00:00Z",
  "the last year": "+275760-09-13T00:00:00Z",
  "the year 1": "0001-01-01T00:00:00Z",
  "the year 9999": "9999-12-31T23:59:59.999Z",
  "just before the year 1": "0001-01-01T00:00:00+14:00",
  "just after the year 9999": "9999-12-31T23:59:59-12:00",
  "a 30th of February": "2027-02-30T00:00:00Z",
  "a 13th month": "2027-13-01T00:00:00Z",
  "a leap second": "2027-06-30T23:59:60Z",
  "hour 24": "2027-01-01T24:00:00Z",
  "a day": "2027-01-01",
  "the day of a year": "2027-001",
  "no time at all": "yesterday",
  infinity: "infinity",
  "a number": "1",
  "many digits": "2027-01-01T00:00:00.123456789Z",
});

const NUMBERS = [0, -1, 1, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 53, -(2 ** 63), 1e308, 5e-324, 0.1].map((n) =>
  value(`the number ${n}`, n),
);
const HUGE: Hostile = { words: "a number beyond all", json: "1e999" };

const nested = (levels: number, [open, close]: readonly [string, string]): Hostile => ({
  words: `${levels} levels of ${open}`,
  json: `${open.repeat(levels)}1${close.repeat(levels)}`,
});
const LISTS: readonly [string, string] = ["[", "]"];
const OBJECTS: readonly [string, string] = [`{"a":`, "}"];
const DEEP = [2000, 20_000].flatMap((levels) => [nested(levels, LISTS), nested(levels, OBJECTS)]);

const OTHERS = [null, true, false, [], {}, [null], [[]], { a: null }].map((plain) => value(JSON.stringify(plain), plain));

const ANY = [...OTHERS, ...NUMBERS, HUGE, ...TEXTS, ...DEEP];

/** As many values as one list may not have a parameter for each of, in some database. */
export const LONG_LISTS: readonly number[] = [1000, 40_000, 70_000];

/** Values that are sent for a type. Each list holds those that can be told apart where they are read: the kinds of a text depend on where it goes. */
export function hostileValues(type: GraphQLInputType, name: string): readonly Hostile[] {
  if (isNonNullType(type)) return hostileValues(type.ofType, name);
  if (isListType(type)) {
    const items = hostileValues(type.ofType, name);
    const listOf = ({ words, json }: Hostile) => ({ words: `[${words}]`, json: `[${json}]` });
    const pair = {
      words: "two",
      json: `[${items
        .slice(-2)
        .map(({ json }) => json)
        .join()}]`,
    };
    return [...items.map(listOf), pair, ...OTHERS, ...items.slice(0, 3)];
  }
  if (isEnumType(type)) return [...OTHERS, value("none of them", "NOPE"), value("one", type.getValues()[0]!.name)];
  if (!(type instanceof GraphQLScalarType)) return [...OTHERS, ...DEEP, value("another field", { nope: 1 })];
  switch (type.name) {
    case "Int":
    case "Float":
      return [...NUMBERS, HUGE, ...OTHERS, value("a text", "1")];
    case "Boolean":
      return [...OTHERS, value("a number", 1)];
    case "GenericScalar":
    case "JSON":
      return ANY;
    case "DateTime":
    case "Date":
      return [...TIMES, ...TEXTS, ...OTHERS, ...NUMBERS, ...DEEP];
    default:
      return [...(/__n?i?re$/.test(name) ? PATTERNS : []), ...TIMES, ...TEXTS, ...OTHERS, ...NUMBERS.slice(0, 4), ...DEEP];
  }
}

/** A list of so many plain values of a type; undefined for one that is no list. */
export function longList(type: GraphQLInputType, length: number): string | undefined {
  const bare = isNonNullType(type) ? type.ofType : type;
  if (!isListType(bare)) return undefined;
  const item = isNonNullType(bare.ofType) ? bare.ofType.ofType : bare.ofType;
  if (isEnumType(item) || isInputObjectType(item)) return undefined;
  const isNumber = ["Int", "Float"].includes((item as GraphQLScalarType).name);
  return `[${Array.from({ length }, (_, n) => (isNumber ? n : `"${n}"`)).join()}]`;
}

/** A plain value that a required argument or field may have, as JSON. */
function plainValue(type: GraphQLInputType): string {
  if (isNonNullType(type)) return plainValue(type.ofType);
  if (isListType(type)) return "[]";
  if (isEnumType(type)) return JSON.stringify(type.getValues()[0]!.name);
  if (isInputObjectType(type)) return objectWith(Object.values(type.getFields()).filter(isRequiredInputField));
  const plain: Readonly<Record<string, string>> = {
    Int: "1",
    Float: "1",
    Boolean: "false",
    DateTime: `"2030-01-01T00:00:00Z"`,
    GenericScalar: "{}",
  };
  return plain[(type as GraphQLScalarType).name] ?? JSON.stringify(ID);
}

/** Returns an object of these fields, with the given value for one of them. */
export function objectWith(
  fields: readonly (GraphQLArgument | GraphQLInputField)[],
  given: Readonly<Record<string, string>> = {},
): string {
  const parts = fields
    .filter(({ name }) => !(name in given))
    .map(({ name, type }) => `${JSON.stringify(name)}:${plainValue(type)}`);
  const own = Object.entries(given).map(([name, json]) => `${JSON.stringify(name)}:${json}`);
  return `{${[...parts, ...own].join()}}`;
}

export const required = (args: readonly GraphQLArgument[]): GraphQLArgument[] => args.filter(isRequiredArgument);

import { type RawBuilder, sql, type SqlBool } from "kysely";
import { holdsInAnyCase, type Place } from "./any-case.ts";
import type { Database, ListType } from "./database.ts";
import type { ColumnKind } from "./mapping/shape.ts";
import { isFoundInAll, translatePattern } from "./pattern.ts";

/** A value of an object, or of a constraint: never null. */
export type Value = boolean | number | string;

/** A column that is compared in SQL. */
export interface ComparedColumn {
  ref: RawBuilder<unknown>;
  kind: ColumnKind;
}

/** A comparison, in memory and in SQL: both hold for the same values. */
export interface Lookup {
  /** Tells whether one value of an object fits one of the constraint. */
  test(actual: Value, wanted: Value): boolean;
  /** Tells whether a column that is not null fits any of the values. */
  where(database: Database, column: ComparedColumn, wanted: readonly Value[]): RawBuilder<SqlBool>;
  /** Kinds of columns that SQL compares so. */
  kinds: ReadonlySet<ColumnKind>;
  /** True for a lookup that takes a list, false for one that takes a single value; undefined for either. */
  takesList?: boolean;
  /** True where no value of an object may fit. */
  isNegated?: true;
  /** Returns the error of a value that is not one to compare with. */
  refuse?(wanted: string): string | undefined;
}

const TEXTS: ReadonlySet<ColumnKind> = new Set(["choice", "string", "text", "uuid"]);
const NUMBERS: ReadonlySet<ColumnKind> = new Set(["float", "integer", "timestamp"]);
const ALL: ReadonlySet<ColumnKind> = new Set([...TEXTS, ...NUMBERS, "boolean"]);

const LIST_TYPES: Partial<Record<ColumnKind, ListType>> = {
  float: "double precision",
  integer: "integer",
  timestamp: "timestamptz",
  uuid: "uuid",
};

/** A condition that holds where one of several does. */
const anyOf = (conditions: readonly RawBuilder<SqlBool>[]) => sql<SqlBool>`(${sql.join(conditions, sql` or `)})`;
const asText = ({ ref, kind }: ComparedColumn) => (kind === "uuid" ? sql`cast(${ref} as text)` : ref);
const quoted = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");

const EQUAL: Lookup = {
  test: (actual, wanted) => actual === wanted,
  kinds: ALL,
  where(database, { ref, kind }, wanted) {
    // SQLite's driver binds no booleans.
    if (kind === "boolean") return anyOf(wanted.map((value) => sql<SqlBool>`${ref} = ${sql.lit(value)}`));
    return wanted.length === 1 ? sql<SqlBool>`${ref} = ${wanted[0]}` : database.isOneOf(ref, wanted, LIST_TYPES[kind] ?? "text");
  },
};

const inAnyCase = (place: Place): Lookup => ({
  test: (actual, wanted) => holdsInAnyCase(String(actual), String(wanted), place),
  kinds: TEXTS,
  where: (database, column, wanted) => database.holdsInAnyCase(asText(column), wanted.map(String), place),
});

/** The texts of a choice are compared in any case everywhere. */
const inCase = (place: Place, test: (actual: string, wanted: string) => boolean): Lookup => ({
  test: (actual, wanted) => test(String(actual), String(wanted)),
  kinds: TEXTS,
  where(database, column, wanted) {
    if (column.kind === "choice") return inAnyCase(place).where(database, column, wanted);
    const [start, end] = [place === "start" ? "^" : "", place === "end" ? "$" : ""];
    return anyOf(wanted.map((value) => database.matches(asText(column), `${start}${quoted(String(value))}${end}`, false)));
  },
});

/** A choice may be spelled in several ways, and so has no pattern. */
const PATTERNED: ReadonlySet<ColumnKind> = new Set(["string", "text", "uuid"]);

const matching = (ignoreCase: boolean): Lookup => ({
  test: (actual, wanted) => isFoundInAll(`${ignoreCase ? "(?i)" : ""}${wanted}`, [String(actual)]),
  kinds: PATTERNED,
  where: (database, column, wanted) => anyOf(wanted.map((value) => database.matches(asText(column), String(value), ignoreCase))),
  refuse(wanted) {
    try {
      translatePattern(wanted);
      return undefined;
    } catch (error) {
      return `it wants a regular expression in RE2's syntax: ${(error as Error).message}.`;
    }
  },
});

const ordered = (operator: string, test: Lookup["test"]): Lookup => ({
  test,
  kinds: NUMBERS,
  where: (_, { ref }, wanted) => anyOf(wanted.map((value) => sql<SqlBool>`${ref} ${sql.raw(operator)} ${value}`)),
});

const ORDERED = {
  gt: ordered(">", (actual, wanted) => actual > wanted),
  gte: ordered(">=", (actual, wanted) => actual >= wanted),
  lt: ordered("<", (actual, wanted) => actual < wanted),
  lte: ordered("<=", (actual, wanted) => actual <= wanted),
};

/** Lookups as Django spells them. */
const DJANGO: Readonly<Record<string, Lookup>> = {
  exact: EQUAL,
  in: { ...EQUAL, takesList: true },
  iexact: inAnyCase("whole"),
  contains: inCase("anywhere", (actual, wanted) => actual.includes(wanted)),
  icontains: inAnyCase("anywhere"),
  startswith: inCase("start", (actual, wanted) => actual.startsWith(wanted)),
  istartswith: inAnyCase("start"),
  endswith: inCase("end", (actual, wanted) => actual.endsWith(wanted)),
  iendswith: inAnyCase("end"),
  regex: matching(false),
  iregex: matching(true),
  ...ORDERED,
};

/** Lookups as filters of lists spell them: each takes one value or several, of which one has to fit. */
const FILTERS: Readonly<Record<string, Lookup>> = {
  ie: inAnyCase("whole"),
  ic: inAnyCase("anywhere"),
  isw: inAnyCase("start"),
  iew: inAnyCase("end"),
  re: matching(false),
  ire: matching(true),
};

const negated = (lookups: Readonly<Record<string, Lookup>>): [string, Lookup][] =>
  Object.entries(lookups).map(([name, lookup]) => [`n${name}`, { ...lookup, isNegated: true }]);

/** Lookups by name, besides `isnull`. */
export const LOOKUPS: ReadonlyMap<string, Lookup> = new Map([
  ...Object.entries(DJANGO).map(([name, lookup]): [string, Lookup] => [name, { takesList: false, ...lookup }]),
  ...Object.entries(FILTERS),
  ["n", { ...EQUAL, isNegated: true }],
  ...negated(FILTERS),
]);

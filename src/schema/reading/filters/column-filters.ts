import type { Reader } from "../reader.ts";
import { GraphQLBoolean, GraphQLFloat, GraphQLInt, GraphQLList } from "graphql";
import { type RawBuilder, sql, type SqlBool } from "kysely";
import type { ListType } from "../../../entities/database.ts";
import { ISO_TIME, readTime } from "../../../entities/times/read-time.ts";
import { uuidOf } from "../../../entities/mapping/scalars.ts";
import type { ColumnShape } from "../../../entities/mapping/shape.ts";
import { shown } from "../../../entities/mapping/shown.ts";
import { anyOf, type PlainFilter, isNullFilter, not, refuse, STRINGS, valuesOf, within } from "../condition.ts";
import { readTexts, TEXT_TESTS } from "./text-lookups.ts";

/** The filter of a boolean column. */
export function booleanFilter(name: string, ref: RawBuilder<unknown>): PlainFilter {
  // Literals: SQLite's driver binds no booleans.
  const holds = Object.assign(() => sql<SqlBool>`${ref} = true`, { key: `${name}=true` });
  const holdsNot = Object.assign(() => sql<SqlBool>`${ref} = false`, { key: `${name}=false` });
  return {
    type: GraphQLBoolean,
    description: `\`${name}\` equals this.`,
    condition: (_, given) => (given ? holds : holdsNot),
  };
}

/** Filters of a column that is no boolean, by lookup. */
export function* columnFilters(name: string, column: ColumnShape, ref: RawBuilder<unknown>): Generator<[string, PlainFilter]> {
  const read = valueReader(column);
  const listType = LIST_TYPES[column.kind] ?? "text";
  const type =
    column.kind === "integer" ? new GraphQLList(GraphQLInt) : column.kind === "float" ? new GraphQLList(GraphQLFloat) : STRINGS;
  const filter = (description: string, test: (reader: Reader, values: unknown[]) => RawBuilder<SqlBool>): PlainFilter => ({
    type,
    description,
    condition(argument, given) {
      const values = valuesOf(given).map((value) => read(argument, value));
      return (reader) => test(reader, values);
    },
  });
  yield ["", filter(`\`${name}\` is one of these.`, (reader, values) => within(reader, ref, values, listType))];
  yield [
    "n",
    filter(`\`${name}\` is none of these.`, (reader, values) => not(within(reader, ref, values, listType), ref, column.nullable)),
  ];
  if (["float", "integer", "timestamp"].includes(column.kind)) {
    for (const [lookup, operator, words] of COMPARISONS) {
      yield [
        lookup,
        // Less than one of several is less than the greatest of them.
        filter(`\`${name}\` is ${words} one of these.`, (_, values) =>
          anyOf(extremeOf(values, operator.startsWith("<")).map((value) => sql<SqlBool>`${ref} ${sql.raw(operator)} ${value}`)),
        ),
      ];
    }
  } else if (column.kind !== "uuid") yield* textFilters(name, column, ref);
  if (column.nullable) yield ["isnull", isNullFilter(name, ref)];
}

/** Types of columns' values in a list, where they are no texts. */
const LIST_TYPES: Partial<Record<ColumnShape["kind"], ListType>> = {
  float: "double precision",
  integer: "integer",
  timestamp: "timestamptz",
  uuid: "uuid",
};

/** The greatest of values, or the least; none of none. */
function extremeOf(values: readonly unknown[], isGreatest: boolean): unknown[] {
  if (values.length === 0) return [];
  return [values.reduce((one, other) => ((other as number) > (one as number) === isGreatest ? other : one))];
}

const COMPARISONS = [
  ["lt", "<", "less than"],
  ["lte", "<=", "at most"],
  ["gt", ">", "greater than"],
  ["gte", ">=", "at least"],
] as const;

function* textFilters(name: string, column: ColumnShape, ref: RawBuilder<unknown>): Generator<[string, PlainFilter]> {
  for (const [lookup, words, test] of TEXT_TESTS) {
    const positive = (reader: Reader, values: readonly string[]) => test(reader, ref, values);
    const read = (argument: string, given: unknown) => readTexts(lookup, argument, given);
    yield [
      lookup,
      {
        type: STRINGS,
        description: `\`${name}\` ${words} one of these.`,
        condition(argument, given) {
          const values = read(argument, given);
          return (reader) => positive(reader, values);
        },
      },
    ];
    yield [
      `n${lookup}`,
      {
        type: STRINGS,
        description: `Not: \`${name}\` ${words} one of these.`,
        condition(argument, given) {
          const values = read(argument, given);
          return (reader) => not(sql`(${positive(reader, values)})`, ref, column.nullable);
        },
      },
    ];
  }
}

/** Returns a function that turns a value of the wire into one that the column can be compared with. */
function valueReader({ kind, choices }: ColumnShape): (argument: string, value: unknown) => unknown {
  switch (kind) {
    case "uuid":
      return (argument, value) => uuidOf(value) ?? refuse(argument, `${shown(value)} is not a UUID.`);
    case "timestamp":
      return (argument, value) => {
        // A time between two milliseconds is after the one and before the other.
        const beyond = /__(lt|gte)$/.test(argument) ? "after" : "before";
        // Nautobot's clients leave the zone out where they mean UTC.
        const time = readTime(String(value), beyond) ?? readTime(`${String(value)}Z`, beyond);
        return time ? time.toISOString() : refuse(argument, `${shown(value)} is not ${ISO_TIME}.`);
      };
    case "choice":
      return (argument, value) => {
        const found = choices!.get(String(value).toLowerCase());
        return found ?? refuse(argument, `${shown(value)} is none of ${[...new Set(choices!.values())].join(", ")}.`);
      };
    default:
      return (_, value) => value;
  }
}

/** The filter of a column that holds a list of texts. */
export function listFilter(name: string, ref: RawBuilder<unknown>): PlainFilter {
  return {
    type: STRINGS,
    description: `\`${name}\` contains one of these.`,
    condition(argument, given) {
      const items = readTexts("", argument, given).map((value) => JSON.stringify(value));
      return (reader) =>
        items.length === 0 ? anyOf([]) : reader.database.holdsInAnyCase(sql`cast(${ref} as text)`, items, "anywhere");
    },
  };
}

import type { Reader } from "../reader.ts";
import { GraphQLBoolean } from "graphql";
import { type RawBuilder, sql, type SqlBool } from "kysely";
import { isContentTypeLabel } from "../../../changes/index.ts";
import { ContentType } from "../../../entities/index.ts";
import { uuidOf } from "../../../entities/mapping/scalars.ts";
import { type ManyShape, type ModelShape, type OneShape, shapeOf } from "../../../entities/mapping/shape.ts";
import { shown } from "../../../entities/mapping/shown.ts";
import { andSeen, seenBy, storedRef } from "../column-ref.ts";
import { type Condition, type PlainFilter, isNullFilter, not, refuse, STRINGS, valuesOf, within } from "../condition.ts";
import { readTexts, TEXT_TESTS } from "./text-lookups.ts";

/** A test of a column, and the {@link Condition.check} of the values that it compares the column with. */
interface Named {
  (reader: Reader): RawBuilder<SqlBool>;
  check?: NonNullable<Condition["check"]>;
}

/** A column, for the reader of a statement. */
type RefOf = (reader: Reader) => RawBuilder<unknown>;

/** Returns a test whether a column refers to an object of a model that values name, by id or by natural key, and that the reader sees. */
export function refersTo(model: object, refOf: RefOf, argument: string, given: unknown): Named {
  const shape = shapeOf(model);
  const { table, naturalKey } = shape;
  const values = valuesOf(given).map(String);
  const ids = values.flatMap((value) => uuidOf(value) ?? []);
  const keys = values.filter((value) => uuidOf(value) === undefined);
  if (keys.length === 0) {
    return (reader) => {
      const ref = refOf(reader);
      return both(within(reader, ref, ids, "uuid"), seenBy(reader, shape, ref));
    };
  }
  if (!naturalKey) return refuse(argument, `${shown(keys[0])} is not a UUID. Give an id, since these objects have no name.`);
  const named = (reader: Reader) => within(reader, sql.ref(naturalKey), keys, "text");
  const test = (reader: Reader) => {
    const found = ids.length > 0 ? sql`(${named(reader)} or ${within(reader, sql.ref("id"), ids, "uuid")})` : named(reader);
    return sql<SqlBool>`(${refOf(reader)} in (select id from ${sql.table(table)} where ${found}${andSeen(reader, shape)}))`;
  };
  const check = async (reader: Reader) => {
    const statement = sql`select ${sql.ref(naturalKey)} as name from ${sql.table(table)} where ${named(reader)}${andSeen(reader, shape)}`;
    const known = new Set((await reader.database.read(statement.compile(reader.database.rows))).map(({ name }) => name));
    // A kind of objects is stored once something has happened to one of them.
    const mayCome = model === ContentType ? isContentTypeLabel : () => false;
    const unknown = keys.find((key) => !known.has(key) && !mayCome(key));
    if (unknown !== undefined)
      refuse(argument, `${shown(unknown)} is neither the id nor the \`${naturalKey}\` of such an object.`);
  };
  return Object.assign(test, { check });
}

function andSeenBy(reader: Reader, target: ModelShape, ref: RawBuilder<unknown>): RawBuilder<unknown> {
  const isSeen = seenBy(reader, target, ref);
  return isSeen ? sql` and ${isSeen}` : sql``;
}

/** A condition that a test is part of, with the test's check. */
export const checked = ({ check }: Named, condition: Condition): Condition =>
  check ? Object.assign(condition, { check }) : condition;

/** Holds where both conditions do; the second may be absent. */
const both = (one: RawBuilder<SqlBool>, other: RawBuilder<SqlBool> | undefined) =>
  other ? sql<SqlBool>`(${one} and ${other})` : one;

/** Filters of a reference, by lookup. A reference to an object that the reader does not see is none. */
export function* oneFilters(name: string, relation: OneShape, shape: ModelShape): Generator<[string, PlainFilter]> {
  const refOf: RefOf = (reader) => storedRef(reader, shape, relation.column);
  const target = () => shapeOf(relation.target());
  const filter = (description: string, negate: boolean): PlainFilter => ({
    type: STRINGS,
    description,
    condition(argument, given) {
      const named = refersTo(relation.target(), refOf, argument, given);
      return checked(named, (reader) => (negate ? not(named(reader), refOf(reader), relation.nullable) : named(reader)));
    },
  });
  yield ["", filter(`\`${name}\` is one of these, by id or by name.`, false)];
  yield ["n", filter(`\`${name}\` is none of these, by id or by name.`, true)];
  yield [
    "isnull",
    {
      ...isNullFilter(name, sql``),
      condition: (_, given) => (reader) => {
        const ref = refOf(reader);
        const isThere = both(sql<SqlBool>`${ref} is not null`, seenBy(reader, target(), ref));
        return given ? sql<SqlBool>`(not ${isThere})` : isThere;
      },
    },
  ];
}

/** Returns a filter for the presence of related objects. */
export function presenceFilter(name: string, relation: ManyShape, shape: ModelShape): PlainFilter {
  const { through, column, target } = relation;
  const present: Condition = (reader) => {
    const other = shapeOf(target());
    const ref = through ? sql.ref(column) : storedRef(reader, other, column);
    const isSeen = through ? andSeenBy(reader, other, sql.ref(`${other.table}_id`)) : andSeen(reader, other);
    const owners = sql`select ${ref} from ${sql.table(through ?? other.table)} where ${ref} is not null${isSeen}`;
    return sql<SqlBool>`(${sql.ref(`${shape.table}.id`)} in (${owners}))`;
  };
  return {
    type: GraphQLBoolean,
    description: `True for objects with any \`${name}\`, false for objects without.`,
    condition: (_, given) => (reader) => (given ? present(reader) : sql<SqlBool>`not ${present(reader)}`),
  };
}

/** Filters of links to objects of another model, by lookup. */
export function* throughFilters(
  name: string,
  relation: ManyShape,
  through: string,
  shape: ModelShape,
): Generator<[string, PlainFilter]> {
  const id = sql.ref(`${shape.table}.id`);
  const other = shapeOf(relation.target());
  const target = sql.ref(`${other.table}_id`);
  const linkedTo = (linked: RawBuilder<SqlBool>) =>
    sql<SqlBool>`(${id} in (select ${sql.ref(relation.column)} from ${sql.table(through)} where ${linked}))`;
  const filter = (description: string, negate: boolean, links: (argument: string, given: unknown) => Named): PlainFilter => ({
    type: STRINGS,
    description,
    condition(argument, given) {
      const found = links(argument, given);
      return checked(found, (reader) => (negate ? sql<SqlBool>`not ${linkedTo(found(reader))}` : linkedTo(found(reader))));
    },
  });
  const byName = (argument: string, given: unknown) => refersTo(relation.target(), () => target, argument, given);
  yield ["", filter(`One of \`${name}\` is one of these, by id or by name.`, false, byName)];
  yield ["n", filter(`None of \`${name}\` is one of these, by id or by name.`, true, byName)];
  const present = presenceFilter(name, relation, shape);
  yield [
    "isnull",
    {
      ...present,
      description: `True for objects without \`${name}\`, false for objects with any.`,
      condition: (argument, given) => present.condition(argument, !given),
    },
  ];

  const { table, naturalKey } = other;
  if (!naturalKey) return;
  for (const [lookup, words, test] of TEXT_TESTS) {
    const matching = (argument: string, given: unknown) => {
      const values = readTexts(lookup, argument, given);
      return (reader: Reader) =>
        sql<SqlBool>`${target} in (select id from ${sql.table(table)} where ${test(reader, sql.ref(naturalKey), values)}${andSeen(reader, other)})`;
    };
    yield [lookup, filter(`The name of one of \`${name}\` ${words} one of these.`, false, matching)];
    yield [`n${lookup}`, filter(`Not: the name of one of \`${name}\` ${words} one of these.`, true, matching)];
  }
}

import { GraphQLBoolean } from "graphql";
import { type RawBuilder, sql, type SqlBool } from "kysely";
import { isContentTypeLabel } from "../../../changes/index.ts";
import { ContentType } from "../../../entities/index.ts";
import type { Database } from "../../../entities/database.ts";
import { uuidOf } from "../../../entities/mapping/scalars.ts";
import { type ManyShape, type ModelShape, type OneShape, shapeOf, tableOf } from "../../../entities/mapping/shape.ts";
import { shown } from "../../../entities/mapping/shown.ts";
import { columnRef } from "../column-ref.ts";
import { type Condition, type PlainFilter, isNullFilter, not, refuse, STRINGS, valuesOf, within } from "../condition.ts";
import { readTexts, TEXT_TESTS } from "./text-lookups.ts";

/** A test of a column, and the {@link Condition.check} of the values that it compares the column with. */
interface Named {
  (database: Database): RawBuilder<SqlBool>;
  check?: NonNullable<Condition["check"]>;
}

/** Returns a test whether a column refers to an object of a model that values name, by id or by natural key. */
export function refersTo(model: object, ref: RawBuilder<unknown>, argument: string, given: unknown): Named {
  const { table, naturalKey } = shapeOf(model);
  const values = valuesOf(given).map(String);
  const ids = values.flatMap((value) => uuidOf(value) ?? []);
  const keys = values.filter((value) => uuidOf(value) === undefined);
  if (keys.length === 0) return (database) => within(database, ref, ids, "uuid");
  if (!naturalKey) return refuse(argument, `${shown(keys[0])} is not a UUID. Give an id, since these objects have no name.`);
  const named = (database: Database) => within(database, sql.ref(naturalKey), keys, "text");
  const test = (database: Database) => {
    const found = ids.length > 0 ? sql`(${named(database)} or ${within(database, sql.ref("id"), ids, "uuid")})` : named(database);
    return sql<SqlBool>`(${ref} in (select id from ${sql.table(table)} where ${found}))`;
  };
  const check = async (database: Database) => {
    const statement = sql`select ${sql.ref(naturalKey)} as name from ${sql.table(table)} where ${named(database)}`;
    const known = new Set((await database.read(statement.compile(database.rows))).map(({ name }) => name));
    // A kind of objects is stored once something has happened to one of them.
    const mayCome = model === ContentType ? isContentTypeLabel : () => false;
    const unknown = keys.find((key) => !known.has(key) && !mayCome(key));
    if (unknown !== undefined)
      refuse(argument, `${shown(unknown)} is neither the id nor the \`${naturalKey}\` of such an object.`);
  };
  return Object.assign(test, { check });
}

/** A condition that a test is part of, with the test's check. */
export const checked = ({ check }: Named, condition: Condition): Condition =>
  check ? Object.assign(condition, { check }) : condition;

/** Filters of a reference, by lookup. */
export function* oneFilters(name: string, relation: OneShape, shape: ModelShape): Generator<[string, PlainFilter]> {
  const ref = columnRef(shape, relation.column);
  const filter = (description: string, negate: boolean): PlainFilter => ({
    type: STRINGS,
    description,
    condition(argument, given) {
      const named = refersTo(relation.target(), ref, argument, given);
      return checked(named, (database) => (negate ? not(named(database), ref, relation.nullable) : named(database)));
    },
  });
  yield ["", filter(`\`${name}\` is one of these, by id or by name.`, false)];
  yield ["n", filter(`\`${name}\` is none of these, by id or by name.`, true)];
  yield ["isnull", isNullFilter(name, ref)];
}

/** Returns a filter for the presence of related objects. */
export function presenceFilter(name: string, relation: ManyShape, shape: ModelShape): PlainFilter {
  const { through, column, target } = relation;
  const ref = through ? sql.ref(column) : columnRef(shapeOf(target()), column);
  const owners = sql`select ${ref} from ${sql.table(through ?? tableOf(target()))} where ${ref} is not null`;
  const present = sql<SqlBool>`(${sql.ref(`${shape.table}.id`)} in (${owners}))`;
  return {
    type: GraphQLBoolean,
    description: `True for objects with any \`${name}\`, false for objects without.`,
    condition: (_, given) => () => (given ? present : sql<SqlBool>`not ${present}`),
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
  const target = sql.ref(`${tableOf(relation.target())}_id`);
  const linkedTo = (linked: RawBuilder<SqlBool>) =>
    sql<SqlBool>`(${id} in (select ${sql.ref(relation.column)} from ${sql.table(through)} where ${linked}))`;
  const filter = (description: string, negate: boolean, links: (argument: string, given: unknown) => Named): PlainFilter => ({
    type: STRINGS,
    description,
    condition(argument, given) {
      const found = links(argument, given);
      return checked(found, (database) => (negate ? sql<SqlBool>`not ${linkedTo(found(database))}` : linkedTo(found(database))));
    },
  });
  const byName = (argument: string, given: unknown) => refersTo(relation.target(), target, argument, given);
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

  const { table, naturalKey } = shapeOf(relation.target());
  if (!naturalKey) return;
  for (const [lookup, words, test] of TEXT_TESTS) {
    const matching = (argument: string, given: unknown) => {
      const values = readTexts(lookup, argument, given);
      return (database: Database) =>
        sql<SqlBool>`${target} in (select id from ${sql.table(table)} where ${test(database, sql.ref(naturalKey), values)})`;
    };
    yield [lookup, filter(`The name of one of \`${name}\` ${words} one of these.`, false, matching)];
    yield [`n${lookup}`, filter(`Not: the name of one of \`${name}\` ${words} one of these.`, true, matching)];
  }
}

import { GraphQLBoolean } from "graphql";
import { type RawBuilder, sql, type SqlBool } from "kysely";
import type { Database } from "../entities/database.ts";
import { isUuid } from "../entities/scalars.ts";
import { type ManyShape, type ModelShape, type OneShape, shapeOf, tableOf } from "../entities/shape.ts";
import { anyOf, type Filter, isNullFilter, not, refuse, STRINGS, valuesOf } from "./condition.ts";
import { readTexts, TEXT_TESTS } from "./text-lookups.ts";

/** Ids of a model's objects that values name, by id or by natural key: values, or a statement that finds them. */
export function idsOf(model: object, argument: string, given: unknown): RawBuilder<unknown> {
  const { table, naturalKey } = shapeOf(model);
  const values = valuesOf(given).map(String);
  const ids = values.filter(isUuid);
  const keys = values.filter((value) => !isUuid(value));
  if (keys.length === 0) return sql`(${ids.length > 0 ? sql.join(ids) : sql`null`})`;
  if (!naturalKey) return refuse(argument, `"${keys[0]!}" is not a UUID, and these objects have no name to be found by.`);
  const named = sql`${sql.ref(naturalKey)} in (${sql.join(keys)})`;
  return sql`(select id from ${sql.table(table)} where ${ids.length > 0 ? sql`${named} or id in (${sql.join(ids)})` : named})`;
}

/** Filters of a reference, by lookup. */
export function* oneFilters(name: string, relation: OneShape, shape: ModelShape): Generator<[string, Filter]> {
  const ref = sql.ref(`${shape.table}.${relation.column}`);
  const filter = (description: string, negate: boolean): Filter => ({
    type: STRINGS,
    description,
    condition(argument, given) {
      const named = sql<SqlBool>`(${ref} in ${idsOf(relation.target(), argument, given)})`;
      return () => (negate ? not(named, ref, relation.nullable) : named);
    },
  });
  yield ["", filter(`\`${name}\` is one of these, by id or by name.`, false)];
  yield ["n", filter(`\`${name}\` is none of these, by id or by name.`, true)];
  yield ["isnull", isNullFilter(name, ref)];
}

/** Whether anything belongs to the object. */
export function presenceFilter(name: string, relation: ManyShape, shape: ModelShape): Filter {
  const owners = sql`select ${sql.ref(relation.column)} from ${sql.table(relation.through ?? tableOf(relation.target()))}`;
  const present = sql<SqlBool>`(${sql.ref(`${shape.table}.id`)} in (${owners}))`;
  return {
    type: GraphQLBoolean,
    description: `Whether there are any \`${name}\`.`,
    condition: (_, given) => () => (given ? present : sql<SqlBool>`not ${present}`),
  };
}

/** Filters of links to objects of another model, by lookup. */
export function* throughFilters(
  name: string,
  relation: ManyShape,
  through: string,
  shape: ModelShape,
): Generator<[string, Filter]> {
  const id = sql.ref(`${shape.table}.id`);
  const target = sql.ref(`${tableOf(relation.target())}_id`);
  const linkedTo = (ids: RawBuilder<unknown>) =>
    sql<SqlBool>`(${id} in (select ${sql.ref(relation.column)} from ${sql.table(through)} where ${target} in ${ids}))`;
  const filter = (
    description: string,
    negate: boolean,
    ids: (argument: string, given: unknown) => (database: Database) => RawBuilder<unknown>,
  ): Filter => ({
    type: STRINGS,
    description,
    condition(argument, given) {
      const found = ids(argument, given);
      return (database) => (negate ? sql<SqlBool>`not ${linkedTo(found(database))}` : linkedTo(found(database)));
    },
  });
  const byName = (argument: string, given: unknown) => {
    const ids = idsOf(relation.target(), argument, given);
    return () => ids;
  };
  yield ["", filter(`One of \`${name}\` is one of these, by id or by name.`, false, byName)];
  yield ["n", filter(`None of \`${name}\` is one of these, by id or by name.`, true, byName)];
  const present = presenceFilter(name, relation, shape);
  yield [
    "isnull",
    {
      ...present,
      description: `Whether there are no \`${name}\`.`,
      condition: (argument, given, viewerId) => present.condition(argument, !given, viewerId),
    },
  ];

  const { table, naturalKey } = shapeOf(relation.target());
  if (!naturalKey) return;
  for (const [lookup, words, test] of TEXT_TESTS) {
    const matching = (argument: string, given: unknown) => {
      const values = readTexts(lookup, argument, given);
      return (database: Database) =>
        sql`(select id from ${sql.table(table)} where ${anyOf(values.map((value) => test(database, sql.ref(naturalKey), value)))})`;
    };
    yield [lookup, filter(`The name of one of \`${name}\` ${words} one of these.`, false, matching)];
    yield [`n${lookup}`, filter(`Not: the name of one of \`${name}\` ${words} one of these.`, true, matching)];
  }
}

import type { Reader } from "../reader.ts";
import { GraphQLString } from "graphql";
import { type RawBuilder, sql, type SqlBool } from "kysely";
import { type ModelShape, shapeOf } from "../../../entities/mapping/shape.ts";
import { booleanFilter, columnFilters, listFilter } from "./column-filters.ts";
import { andSeen } from "../column-ref.ts";
import { anyOf, type Filter } from "../condition.ts";
import { oneFilters, presenceFilter, throughFilters } from "./relation-filters.ts";
import { readTexts } from "./text-lookups.ts";

/*
 * Filters of lists, as Nautobot's: a name is a field and, after two underscores, a lookup; several values of one filter are alternatives, several
 * filters hold together. They are made from the shape of a model, once, for every list of it.
 */

const added = new Map<object, Readonly<Record<string, Filter>>>();

/** Gives a model's lists filters that do not follow from its shape; called once, before any schema is made. */
export function addFilters(model: object, filters: Readonly<Record<string, Filter>>): void {
  added.set(model, filters);
}

const cache = new WeakMap<ModelShape, ReadonlyMap<string, Filter>>();

/** The filters of a model's lists, by argument name. */
export function filtersOf(shape: ModelShape): ReadonlyMap<string, Filter> {
  let filters = cache.get(shape);
  if (!filters) cache.set(shape, (filters = new Map(makeFilters(shape))));
  return filters;
}

function* makeFilters(shape: ModelShape): Generator<[string, Filter]> {
  for (const [name, column] of shape.columns) {
    const ref = sql.ref(`${shape.table}.${name}`);
    if (column.kind === "json") {
      if (column.list) yield [name, listFilter(name, ref)];
    } else if (column.kind === "boolean") yield [name, booleanFilter(name, ref)];
    else for (const [lookup, filter] of columnFilters(name, column, ref)) yield [lookup ? `${name}__${lookup}` : name, filter];
  }
  for (const [name, relation] of shape.one) {
    for (const [lookup, filter] of oneFilters(name, relation, shape)) {
      for (const spelling of [name, `${name}_id`]) yield [lookup ? `${spelling}__${lookup}` : spelling, filter];
    }
  }
  for (const [name, relation] of shape.many) {
    yield [`has_${name}`, presenceFilter(name, relation, shape)];
    if (!relation.through) continue;
    for (const [lookup, filter] of throughFilters(name, relation, relation.through, shape))
      yield [lookup ? `${name}__${lookup}` : name, filter];
  }
  if (shape.search.length > 0) yield ["q", searchFilter(shape)];
  yield* Object.entries(added.get(shape.model) ?? {});
}

function searchFilter(shape: ModelShape): Filter {
  return {
    type: GraphQLString,
    description: `One of ${shape.search.map((name) => `\`${name}\``).join(", ")} contains this, in any case.`,
    condition(argument, given) {
      const texts = readTexts("q", argument, given);
      return (reader) => anyOf(shape.search.map((name) => searchIn(reader, shape, name.split("."), texts)));
    },
  };
}

/** `name`, or `job_model.name`: a column of a referenced object. */
function searchIn(
  reader: Reader,
  shape: ModelShape,
  [first, ...inner]: readonly string[],
  texts: readonly string[],
): RawBuilder<SqlBool> {
  if (inner.length === 0) return reader.database.holdsInAnyCase(sql.ref(`${shape.table}.${first}`), texts, "anywhere");
  const relation = shape.one.get(first!)!;
  const target = shapeOf(relation.target());
  const found = sql`select ${sql.ref(`${target.table}.id`)} from ${sql.table(target.table)} where ${searchIn(reader, target, inner, texts)}${andSeen(reader, target)}`;
  return sql`(${sql.ref(`${shape.table}.${relation.column}`)} in (${found}))`;
}

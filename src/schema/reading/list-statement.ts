import { type CompiledQuery, type RawBuilder, sql, type SqlBool } from "kysely";
import type { Database } from "../../entities/database.ts";
import type { ManyShape, ModelShape } from "../../entities/mapping/shape.ts";
import { columnIs, columnRef, selectedRef } from "./column-ref.ts";
import type { Condition } from "./condition.ts";
import { orderBy, type OrderKey } from "./order.ts";

/** Owners of the wanted lists. */
export interface Owners {
  relation: Pick<ManyShape, "column" | "through">;
  ids: readonly string[];
}

/** In each row of the lists of several owners: whose it is, by id, or in pages by the place among the owners. */
export const OWNER = "_owner";

/** A list, told so that nothing is left to decide. */
export interface ListPlan {
  shape: ModelShape;
  columns: readonly string[];
  where: readonly Condition[];
  order: readonly OrderKey[];
  /** True when each owner has a page, of `count` objects after `offset`; otherwise all owners share `count`. */
  isPage: boolean;
  count: number | undefined;
  offset: number;
  owners: Owners | undefined;
}

/*
 * Making a statement takes longer than running it for a short list, and the same ones return again and again. A kept statement has marks at the values that
 * differ from one time to the next, and they are filled in each time.
 */
const COUNT = Symbol("count");
const OFFSET = Symbol("offset");
const ONE_OWNER = Symbol("one owner");
const ALL_OWNERS = Symbol("all owners");

// A selection's columns are one array for as long as its document is kept, and statements with them.
const kept = new WeakMap<Database["rows"], WeakMap<readonly string[], Map<string, CompiledQuery>>>();

/** The statement of a list, ready to be run. */
export function compileList(database: Database, plan: ListPlan): CompiledQuery {
  // Filters put their values into the statement, so only lists without such come again as they are. Two filters would be too many combinations.
  const { where } = plan;
  const comesAgain = where.length === 0 || (where.length === 1 && where[0]!.key !== undefined);
  return fill(database, comesAgain ? compileOnce(database, plan) : compile(database, plan), plan);
}

function compileOnce(database: Database, plan: ListPlan): CompiledQuery {
  const { rows } = database;
  let ours = kept.get(rows);
  if (!ours) kept.set(rows, (ours = new WeakMap()));
  let statements = ours.get(plan.columns);
  if (!statements) ours.set(plan.columns, (statements = new Map()));
  const { shape, where, order, isPage, count, offset, owners } = plan;
  const keys = order.map(({ column, descending }) => (descending ? `-${column}` : column));
  const whose = owners && [owners.relation.column, owners.relation.through, owners.ids.length === 1];
  const key = [shape.table, where[0]?.key, keys, isPage, count === undefined, offset > 0, whose].join("|");
  let statement = statements.get(key);
  if (!statement) statements.set(key, (statement = compile(database, plan)));
  return statement;
}

function fill(
  database: Database,
  statement: CompiledQuery,
  plan: Partial<Pick<ListPlan, "count" | "offset" | "owners">>,
): CompiledQuery {
  const parameters = statement.parameters.map((value) => {
    if (value === COUNT) return plan.count ?? Number.MAX_SAFE_INTEGER;
    if (value === OFFSET) return plan.offset;
    if (value === ONE_OWNER) return plan.owners!.ids[0];
    return value === ALL_OWNERS ? database.ownersParameter(plan.owners!.ids) : value;
  });
  return { ...statement, parameters };
}

function compile(database: Database, plan: ListPlan): CompiledQuery {
  const { shape, columns, where, order, isPage, owners } = plan;
  const { table } = shape;
  const sorted = sql` order by ${orderBy(shape, order)}`;
  const filters = conditions(database, where);
  if (!owners) {
    return sql`select ${select(shape, columns)} from ${sql.table(table)} where true${filters}${sorted}${pageOf(plan)}`.compile(
      database.rows,
    );
  }
  if (!isPage || owners.ids.length === 1) {
    // Owner by owner, in the direction of the first key: the order in which an index on both holds them.
    const direction = order[0]!.descending ? sql` desc` : sql``;
    const whose = ownerColumn(shape, owners);
    // Of a single owner it is known whose the rows are.
    const named = owners.ids.length === 1 ? sql`` : sql`, ${whose} as ${sql.ref(OWNER)}`;
    return sql`select ${select(shape, columns)}${named} from ${source(shape, owners)}
      where ${owned(database, shape, owners)}${filters}
      order by ${whose}${direction}, ${orderBy(shape, order)}${pageOf(plan)}`.compile(database.rows);
  }
  // A page for each owner: read from the index for as long as it takes, not ranked as a whole.
  const owner = owners.relation.through
    ? sql`${ownerColumn(shape, owners)} = owner.value`
    : columnIs(shape, owners.relation.column, sql`owner.value`);
  const one = (selected: RawBuilder<unknown>) =>
    sql`select ${selected} from ${source(shape, owners)} where ${owner}${filters}${sorted}${pageOf(plan)}`;
  const selected = sql`owner.place as ${sql.ref(OWNER)}`;
  const all = database.owners(ALL_OWNERS);
  const paged = database.hasLateral
    ? // Rows come owner by owner, each in its order: a lateral subquery can only be joined in a loop.
      sql`select page.*, ${selected} from ${all} cross join lateral (${one(select(shape, columns))}) as page`
    : // SQLite alone has no lateral subqueries, and finds a row sooner by its number than by its id.
      sql`select ${select(shape, columns, "page")}, ${selected} from ${all}
        join ${sql.table(table)} as page on page.rowid in (${one(sql.ref(`${table}.rowid`))}) order by owner.place, ${orderBy(shape, order, "page")}`;
  return paged.compile(database.rows);
}

/** The statement that counts a list, or one for each owner. */
export function compileCount(
  database: Database,
  shape: ModelShape,
  where: readonly Condition[],
  owners: Owners | undefined,
): CompiledQuery {
  const filters = conditions(database, where);
  const statement = owners
    ? sql`select count(*) as count, ${ownerColumn(shape, owners)} as ${sql.ref(OWNER)} from ${source(shape, owners)}
        where ${owned(database, shape, owners)}${filters} group by 2`
    : sql`select count(*) as count from ${sql.table(shape.table)} where true${filters}`;
  return fill(database, statement.compile(database.rows), { owners });
}

const select = (shape: ModelShape, columns: readonly string[], table?: string) =>
  sql.join(columns.map((column) => selectedRef(shape, column, table)));

function conditions(database: Database, where: readonly Condition[]): RawBuilder<unknown> {
  return where.length === 0
    ? sql``
    : sql` and ${sql.join(
        where.map((condition) => condition(database)),
        sql` and `,
      )}`;
}

function pageOf({ count, offset }: ListPlan): RawBuilder<unknown> {
  if (count === undefined && offset === 0) return sql``;
  // SQLite has no OFFSET without LIMIT.
  return sql` limit ${COUNT}${offset > 0 ? sql` offset ${OFFSET}` : sql``}`;
}

/** Returns the tables that hold the rows of owners. */
function source({ table }: ModelShape, { relation: { through } }: Owners): RawBuilder<unknown> {
  if (!through) return sql.table(table);
  return sql`${sql.table(through)} join ${sql.table(table)} on ${sql.ref(`${table}.id`)} = ${sql.ref(`${through}.${table}_id`)}`;
}

const ownerColumn = (shape: ModelShape, { relation: { column, through } }: Owners) =>
  through ? sql.ref(`${through}.${column}`) : columnRef(shape, column);

function owned(database: Database, shape: ModelShape, owners: Owners): RawBuilder<SqlBool> {
  const column = ownerColumn(shape, owners);
  return owners.ids.length === 1
    ? sql`${column} = ${ONE_OWNER}`
    : sql`${column} in (select owner.value from ${database.owners(ALL_OWNERS)})`;
}

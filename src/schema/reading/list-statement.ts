import { type Reader, visible } from "./reader.ts";
import { type CompiledQuery, type RawBuilder, sql, type SqlBool } from "kysely";
import type { Database } from "../../entities/database.ts";
import type { ManyShape, ModelShape } from "../../entities/mapping/shape.ts";
import { columnIs, selectedRef, storedRef } from "./column-ref.ts";
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

/** Statements of one selection that are kept. */
const MOST_KEPT = 64;

/** The statement of a list of the objects that its reader sees, ready to be run. */
export function compileList(reader: Reader, plan: ListPlan): CompiledQuery {
  // Filters put their values into the statement, so only lists without such come again as they are. Two filters would be too many combinations.
  const { where } = plan;
  const comesAgain = where.length === 0 || (where.length === 1 && where[0]!.key !== undefined);
  return fill(reader, comesAgain ? compileOnce(reader, plan) : compile(reader, plan), plan);
}

function compileOnce(reader: Reader, plan: ListPlan): CompiledQuery {
  const { rows } = reader.database;
  let ours = kept.get(rows);
  if (!ours) kept.set(rows, (ours = new WeakMap()));
  let statements = ours.get(plan.columns);
  if (!statements) ours.set(plan.columns, (statements = new Map()));
  const { shape, where, order, isPage, count, offset, owners } = plan;
  const keys = order.map(({ column, descending }) => (descending ? `-${column}` : column));
  const whose = owners && [owners.relation.column, owners.relation.through, owners.ids.length === 1];
  const key = [reader.rights.key, shape.table, where[0]?.key, keys, isPage, count === undefined, offset > 0, whose].join("|");
  let statement = statements.get(key);
  if (!statement) {
    // Each user may have rights of their own.
    if (statements.size >= MOST_KEPT) statements.clear();
    statements.set(key, (statement = compile(reader, plan)));
  }
  return statement;
}

function fill(
  reader: Reader,
  statement: CompiledQuery,
  plan: Partial<Pick<ListPlan, "count" | "offset" | "owners">>,
): CompiledQuery {
  const parameters = statement.parameters.map((value) => {
    if (value === COUNT) return plan.count ?? Number.MAX_SAFE_INTEGER;
    if (value === OFFSET) return plan.offset;
    if (value === ONE_OWNER) return plan.owners!.ids[0];
    return value === ALL_OWNERS ? reader.database.ownersParameter(plan.owners!.ids) : value;
  });
  return { ...statement, parameters };
}

function compile(reader: Reader, plan: ListPlan): CompiledQuery {
  const { shape, columns, where, isPage, owners } = plan;
  const { table } = shape;
  // The owner is one that the reader sees, and the same for all objects of its list.
  const owning = owningColumn(owners);
  const order = plan.order.filter(({ column }) => column !== owning || column === "id");
  const sorted = sql` order by ${orderBy(reader, shape, order)}`;
  const filters = conditions(reader, shape, where, owners);
  if (!owners) {
    return sql`select ${select(reader, shape, columns, owning)} from ${sql.table(table)} where true${filters}${sorted}${pageOf(plan)}`.compile(
      reader.database.rows,
    );
  }
  if (!isPage || owners.ids.length === 1) {
    // Owner by owner, in the direction of the first key: the order in which an index on both holds them.
    const direction = order[0]!.descending ? sql` desc` : sql``;
    const whose = ownerColumn(reader, shape, owners);
    // Of a single owner it is known whose the rows are.
    const named = owners.ids.length === 1 ? sql`` : sql`, ${whose} as ${sql.ref(OWNER)}`;
    return sql`select ${select(reader, shape, columns, owning)}${named} from ${source(shape, owners)}
      where ${owned(reader, shape, owners)}${filters}
      order by ${whose}${direction}, ${orderBy(reader, shape, order)}${pageOf(plan)}`.compile(reader.database.rows);
  }
  // A page for each owner: read from the index for as long as it takes, not ranked as a whole.
  const owner = owners.relation.through
    ? sql`${ownerColumn(reader, shape, owners)} = owner.value`
    : columnIs(reader, shape, owners.relation.column, sql`owner.value`);
  const one = (selected: RawBuilder<unknown>) =>
    sql`select ${selected} from ${source(shape, owners)} where ${owner}${filters}${sorted}${pageOf(plan)}`;
  const selected = sql`owner.place as ${sql.ref(OWNER)}`;
  const all = reader.database.owners(ALL_OWNERS);
  const paged = reader.database.hasLateral
    ? // Rows come owner by owner, each in its order: a lateral subquery can only be joined in a loop.
      sql`select page.*, ${selected} from ${all} cross join lateral (${one(select(reader, shape, columns, owning))}) as page`
    : // SQLite alone has no lateral subqueries, and finds a row sooner by its number than by its id.
      sql`select ${select(reader, shape, columns, owning, "page")}, ${selected} from ${all}
        join ${sql.table(table)} as page on page.rowid in (${one(sql.ref(`${table}.rowid`))}) order by owner.place, ${orderBy(reader, shape, order, "page")}`;
  return paged.compile(reader.database.rows);
}

/** The statement that counts a list, or one for each owner. */
export function compileCount(
  reader: Reader,
  shape: ModelShape,
  where: readonly Condition[],
  owners: Owners | undefined,
): CompiledQuery {
  const filters = conditions(reader, shape, where, owners);
  const statement = owners
    ? sql`select count(*) as count, ${ownerColumn(reader, shape, owners)} as ${sql.ref(OWNER)} from ${source(shape, owners)}
        where ${owned(reader, shape, owners)}${filters} group by 2`
    : sql`select count(*) as count from ${sql.table(shape.table)} where true${filters}`;
  return fill(reader, statement.compile(reader.database.rows), { owners });
}

const select = (reader: Reader, shape: ModelShape, columns: readonly string[], owning?: string, table?: string) =>
  sql.join(columns.map((column) => selectedRef(reader, shape, column, table, column === owning)));

/** The objects that the reader sees, unless their owner alone decides that, and that the filters find. */
function conditions(
  reader: Reader,
  shape: ModelShape,
  where: readonly Condition[],
  owners: Owners | undefined,
): RawBuilder<unknown> {
  const seen = owners && decidesAlone(reader, shape, owners) ? undefined : visible(reader, shape);
  const all = [...(seen ? [seen(reader.database)] : []), ...where.map((condition) => condition(reader))];
  return all.length === 0 ? sql`` : sql` and ${sql.join(all, sql` and `)}`;
}

/** Returns the column of objects that holds the id of their owner; undefined for objects without owners, and for linked ones. */
export function owningColumn(owners: Owners | undefined): string | undefined {
  return owners && owners.relation.through === undefined ? owners.relation.column : undefined;
}

/** Tells whether the owner of objects alone decides whether the reader sees them: then its reader has chosen the owners. */
export function decidesAlone(reader: Reader, shape: ModelShape, owners: Owners): boolean {
  const { only } = visible(reader, shape) ?? {};
  return only !== undefined && only === owningColumn(owners);
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

const ownerColumn = (reader: Reader, shape: ModelShape, { relation: { column, through } }: Owners) =>
  through ? sql.ref(`${through}.${column}`) : storedRef(reader, shape, column);

function owned(reader: Reader, shape: ModelShape, owners: Owners): RawBuilder<SqlBool> {
  const column = ownerColumn(reader, shape, owners);
  return owners.ids.length === 1
    ? sql`${column} = ${ONE_OWNER}`
    : sql`${column} in (select owner.value from ${reader.database.owners(ALL_OWNERS)})`;
}

import { sql } from "kysely";
import { type Reader, visible } from "./reader.ts";
import { uuidOf } from "../../entities/mapping/scalars.ts";
import { type ModelShape, tableOf } from "../../entities/mapping/shape.ts";
import { tellRows } from "../../entities/told-rows.ts";
import { counted, fieldError } from "../../errors.ts";
import { type Condition, within } from "./condition.ts";
import { compileCount, compileList, decidesAlone, OWNER, type Owners } from "./list-statement.ts";
import { type OrderKey, orderOf } from "./order.ts";
import { isPassedOn } from "./selection.ts";

/** A row as it was read: wire names, nothing hydrated, and only values that can be told. */
export type Row = Record<string, unknown> & { id: string };

/** The wanted part of a list. */
export interface ListRequest {
  where?: readonly Condition[];
  /** Total; the model's own when absent. */
  order?: readonly OrderKey[];
  limit?: number | undefined;
  offset?: number | undefined;
  /** Longest list that is given without a limit; a longer one is rejected. */
  most?: number;
}

/** Rows of one object each, by id. */
export const BY_ID: Owners["relation"] = { column: "id" };

/** Returns the row of an object; undefined when there is none, or when the id is invalid. */
export async function readOne(
  reader: Reader,
  shape: ModelShape,
  columns: readonly string[],
  id: string,
): Promise<Row | undefined> {
  const stored = uuidOf(id);
  if (stored === undefined) return undefined;
  const [row] = await readWith(reader, shape, columns, {}, { relation: BY_ID, ids: [stored] });
  return row;
}

/** Rows of a model that the reader may view, in a total order, with only the columns that were asked for. */
export function readRows(
  reader: Reader,
  shape: ModelShape,
  columns: readonly string[],
  request: ListRequest = {},
): Promise<Row[]> {
  return readWith(reader, shape, columns, request);
}

/** {@link readRows} for owners: their lists, in the order of their ids, as one statement for any number. */
export async function readLists(
  reader: Reader,
  shape: ModelShape,
  columns: readonly string[],
  request: ListRequest,
  owners: Owners,
): Promise<Row[][]> {
  if (!decidesAlone(reader, shape, owners)) return listsOf(reader, shape, columns, request, owners);
  const seen = await seenOwners(reader, shape, owners);
  const lists = seen.ids.length > 0 ? await listsOf(reader, shape, columns, request, seen) : [];
  const byOwner = new Map(seen.ids.map((id, n) => [id, lists[n]!]));
  return owners.ids.map((id) => byOwner.get(id) ?? []);
}

async function listsOf(
  reader: Reader,
  shape: ModelShape,
  columns: readonly string[],
  request: ListRequest,
  owners: Owners,
): Promise<Row[][]> {
  const rows = await readWith(reader, shape, columns, request, owners);
  if (owners.ids.length === 1) return [rows];
  const lists: Row[][] = owners.ids.map(() => []);
  const places = new Map<unknown, number>(owners.ids.flatMap((id, n) => [[id, n] as const, [n, n] as const]));
  let owner: unknown;
  let list: Row[] = [];
  for (const row of rows) {
    // Rows of one owner mostly follow each other, and comparing is faster than finding.
    if (row[OWNER] !== owner) list = lists[places.get((owner = row[OWNER]))!]!;
    list.push(row);
  }
  return lists;
}

/** The only read path. With `owners`, the request holds for each of them, and with several owners each row has its own in {@link OWNER}. */
async function readWith(
  reader: Reader,
  shape: ModelShape,
  columns: readonly string[],
  request: ListRequest,
  owners?: Owners,
): Promise<Row[]> {
  if (visible(reader, shape)?.isNone) return [];
  const { where = [], order = orderOf(shape), limit, offset = 0, most } = request;
  const lists = owners?.ids.length ?? 1;
  const isPage = limit !== undefined || offset > 0;
  // A further row tells that there are too many.
  const count = limit ?? (most === undefined ? undefined : most * (isPage ? 1 : lists) + 1);
  const statement = compileList(reader, { shape, columns, where, order, isPage, count, offset, owners });
  const rows = (await reader.database.read(statement)) as Row[];
  if (limit === undefined && most !== undefined && rows.length > most * lists) refuseTooMany(most);
  return tellRows(reader.database, shape, columns, rows, (column) => isPassedOn(columns, column));
}

/** Counts the objects of a list; with owners, those of each owner that has any. */
export async function countRows(
  reader: Reader,
  shape: ModelShape,
  where: readonly Condition[],
  owners?: Owners,
): Promise<{ owner: string | undefined; count: number }[]> {
  if (visible(reader, shape)?.isNone) return [];
  const seen = owners && decidesAlone(reader, shape, owners) ? await seenOwners(reader, shape, owners) : owners;
  if (seen?.ids.length === 0) return [];
  const rows = await reader.database.read(compileCount(reader, shape, where, seen));
  return rows.map(({ [OWNER]: owner, count }) => ({ owner: owner as string | undefined, count: Number(count) }));
}

/** Returns the owners whose objects the reader sees, where they alone decide that: one statement for all, so that no object is looked at for it. */
async function seenOwners(reader: Reader, shape: ModelShape, owners: Owners): Promise<Owners> {
  const relation = [...shape.one.values()].find(({ column }) => column === owners.relation.column)!;
  const isSeen = visible(reader, shape)!(reader.database, shape.table, "owner");
  const wanted = within(reader, sql.ref("owner.id"), owners.ids, "uuid");
  const statement = sql`select owner.id from ${sql.table(tableOf(relation.target()))} as owner where ${wanted} and ${isSeen}`;
  const seen = new Set((await reader.database.read(statement.compile(reader.database.rows))).map((row) => row["id"]));
  return { ...owners, ids: owners.ids.filter((owner) => seen.has(owner)) };
}

function refuseTooMany(most: number): never {
  const message = `There are more than ${counted(most, "object")} in this list: give a limit of at most ${most}, and page on.`;
  throw fieldError("LIMIT_EXCEEDED", "limit", message);
}

import { sql } from "kysely";
import type { Database } from "../entities/database.ts";
import type { ModelShape } from "../entities/shape.ts";
import { AppError } from "../errors.ts";

/** A row as it was read: wire names, nothing hydrated. */
export type Row = Record<string, unknown> & { id: string };

/** Which part of a list, in which order. Wire spelling: these are the API's arguments. */
export interface Page {
  limit?: number | undefined;
  offset?: number | undefined;
  /** Wire names, `-` for descending; the model's ordering when absent. */
  sort?: readonly string[] | undefined;
}

/** Rows whose `column` holds one of `values`. */
export interface Among {
  column: string;
  values: readonly string[];
}

const RANK = "_rank";

/**
 * The one read path: rows of a model, in a total order, with only the columns that were asked for, as one statement. With `among`, the page
 * is taken for each of its values, and each row holds the value in `among.column`.
 */
export async function readRows(
  database: Database,
  shape: ModelShape,
  columns: readonly string[],
  page: Page = {},
  among?: Among,
): Promise<Row[]> {
  const order = ordering(shape, page.sort);
  const { limit, offset = 0 } = page;
  let query = database.rows.selectFrom(shape.table).select(among ? [...new Set([...columns, among.column])] : [...columns]);
  if (among) query = query.where(among.column, "in", among.values);

  const isPaged = limit !== undefined || offset > 0;
  if (among && isPaged && among.values.length > 1) {
    const by = sql.join(order.map(([column, direction]) => sql`${sql.ref(column)} ${sql.raw(direction)}`));
    const ranked = query.select(sql<number>`row_number() over (partition by ${sql.ref(among.column)} order by ${by})`.as(RANK));
    let cut = database.rows.selectFrom(ranked.as("ranked")).selectAll().where(RANK, ">", offset).orderBy(RANK);
    if (limit !== undefined) cut = cut.where(RANK, "<=", offset + limit);
    return parseJson(database, shape, columns, (await cut.execute()) as Row[]);
  }

  for (const [column, direction] of order) query = query.orderBy(column, direction);
  if (limit !== undefined) query = query.limit(limit);
  // SQLite has no OFFSET without LIMIT.
  else if (offset > 0) query = query.limit(sql.lit(Number.MAX_SAFE_INTEGER));
  if (offset > 0) query = query.offset(offset);
  return parseJson(database, shape, columns, (await query.execute()) as Row[]);
}

function ordering(shape: ModelShape, sort: readonly string[] = shape.ordering): [column: string, direction: "asc" | "desc"][] {
  const order = sort.map((key): [string, "asc" | "desc"] => {
    const name = key.replace(/^-/, "");
    const column = shape.one.get(name)?.column ?? (shape.columns.has(name) ? name : undefined);
    if (!column) {
      const message = `"${name}" is not a field to sort by. Sort by one of: ${[...shape.columns.keys(), ...shape.one.keys()].toSorted().join(", ")}.`;
      throw new AppError("BAD_USER_INPUT", message, [{ field: "sort", message }]);
    }
    return [column, key.startsWith("-") ? "desc" : "asc"];
  });
  return order.some(([column]) => column === "id") ? order : [...order, ["id", order.at(-1)?.[1] ?? "asc"]];
}

function parseJson(database: Database, shape: ModelShape, columns: readonly string[], rows: Row[]): Row[] {
  const json = columns.filter((column) => shape.columns.get(column)?.kind === "json");
  if (json.length > 0) for (const row of rows) for (const column of json) row[column] = database.readJson(row[column]);
  return rows;
}

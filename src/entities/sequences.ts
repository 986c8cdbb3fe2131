import { type Kysely, sql, type SqlBool } from "kysely";
import type { Tables } from "./tables.ts";

/** Tables of the rows that runs leave one after the other, each with a `sequence`. */
export type RowKind = "job_console_entry" | "job_log_entry";

/** Condition: a row's `sequence` is a whole number that a cursor can be. SQLite takes any value for it. */
export const HAS_PLACE = sql<SqlBool>`(sequence = cast(sequence as integer) and sequence <= 2147483647)`;

/** Builds the statement that reads the `sequence` of a run's last row as `last`; null for none. */
export const lastSequenceOf = (rows: Kysely<Tables>, kind: RowKind, jobResultId: string) =>
  rows
    .selectFrom(kind)
    .select(({ fn }) => fn.max("sequence").as("last"))
    .where("job_result_id", "=", jobResultId)
    .where(HAS_PLACE);

/** Returns the `sequence` of a run's last row; 0 for none. */
export async function lastSequence(rows: Kysely<Tables>, kind: RowKind, jobResultId: string): Promise<number> {
  const found = await lastSequenceOf(rows, kind, jobResultId).executeTakeFirst();
  return Number(found?.last ?? 0);
}

import { type Selectable, sql } from "kysely";
import { FINAL_STATUSES, type PrunableKind } from "../../entities/choices.ts";
import { type Database, statementsOf } from "../../entities/database.ts";
import type { Tables } from "../../entities/tables.ts";
import { fieldError } from "../../errors.ts";
import { readTime } from "../../entities/times/read-time.ts";
import { uuidOf } from "../../entities/mapping/scalars.ts";
import type { FileStore } from "../outputs/files.ts";

/*
 * Old records are deleted a batch at a time: each finds its rows by an index, in an order, and deletes them by their keys. A deletion may stop after any
 * batch, and another one goes on from there. Lines are deleted with their run, all or none. A run under way keeps its lines.
 */

/** A batch of records to delete. */
export interface PruneRequest {
  kind: PrunableKind;
  /** Time before which records are deleted. */
  before: Date;
  /** Rows that it deletes at most; files come on top. */
  limit: number;
  /** True to count only. */
  dryRun: boolean;
  /** `cursor` of the batch before. */
  after: string | undefined;
}

/** Numbers of rows by kind that a batch deleted, or would delete. */
export interface Pruned {
  jobResults: number;
  jobLogEntries: number;
  jobConsoleEntries: number;
  files: number;
  objectChanges: number;
  /** Start of the next batch; null after the last one. */
  cursor: string | null;
}

/** Dependencies of {@link prune}. */
export interface PruneDeps {
  database: Database;
  files: Pick<FileStore, "remove">;
}

/** Runs that are looked at in one batch. */
const MAX_RUNS = 200;

/** Tables of runs' output, by the kind that deletes it alone. */
const ENTRIES = [
  { table: "job_log_entry", kind: "JOB_LOG_ENTRIES", count: "jobLogEntries" },
  { table: "job_console_entry", kind: "JOB_CONSOLE_ENTRIES", count: "jobConsoleEntries" },
] as const;
type EntryTable = (typeof ENTRIES)[number]["table"];

const NOTHING = { jobResults: 0, jobLogEntries: 0, jobConsoleEntries: 0, files: 0, objectChanges: 0 };

/**
 * Deletes a batch of old records. It deletes runs only if they have ended, with all that belongs to them, and changes only if all of their hooks have been
 * carried out.
 * @throws {@link AppError} BAD_USER_INPUT for an invalid cursor.
 */
export async function prune(deps: PruneDeps, request: PruneRequest): Promise<Pruned> {
  const place = placeOf(request.after);
  if (request.kind === "OBJECT_CHANGES") return pruneChanges(deps, request, place);
  const runs = await endedRuns(deps.database, request, place);
  const ids = runs.map(({ id }) => id);
  const { counts, finished, cut } = request.dryRun
    ? await countOf(deps, request, ids)
    : await deleteOf(deps, request, ids, place.cut);
  const isLast = finished === runs.length && runs.length < runsOf(request);
  // Runs that were too much for one batch are looked at again.
  const { time, id } = finished === 0 ? place : runs[finished - 1]!;
  return { ...counts, cursor: isLast ? null : cursorOf({ time, id, cut }) };
}

/** The outcome of a batch of runs. */
interface Batch {
  counts: Omit<Pruned, "cursor">;
  /** Number of runs, from the first on, without anything left to delete. */
  finished: number;
  cut?: Cut | undefined;
}

/** Position of a batch's end within a run: PostgreSQL still passes deleted rows for a while. */
interface Cut {
  table: EntryTable;
  run: string;
  /** All entries up to this one are deleted. */
  sequence: number;
}

/** A row's place in the order that batches follow. */
interface Place {
  time: string;
  id: string;
  cut?: Cut | undefined;
}

/** Cursor before all rows. */
const START = "0001-01-01T00:00:00.000Z/00000000-0000-0000-0000-000000000000";

function cursorOf({ time, id, cut }: Place): string {
  return [time, id, ...(cut ? [cut.table, cut.run, cut.sequence] : [])].join("/");
}

function placeOf(cursor = START): Place {
  const [time = "", last, ...cut] = cursor.split("/");
  const id = uuidOf(last);
  if (readTime(time) && id !== undefined) {
    if (cut.length === 0) return { time, id };
    const [name, of, sequence = ""] = cut;
    const run = uuidOf(of);
    const table = ENTRIES.find((entries) => entries.table === name)?.table;
    if (table && run !== undefined && /^\d{1,9}$/.test(sequence))
      return { time, id, cut: { table, run, sequence: Number(sequence) } };
  }
  const message = "after is not the cursor of an earlier batch.";
  throw fieldError("BAD_USER_INPUT", "after", message);
}

const runsOf = ({ limit }: PruneRequest) => Math.min(limit, MAX_RUNS);

async function endedRuns(database: Database, request: PruneRequest, { time, id }: Place): Promise<Place[]> {
  const statement = database.rows
    .selectFrom("job_result")
    .select(["id", (eb) => eb.ref("date_done").$castTo<string>().as("time")])
    .where("date_done", "<", request.before.toISOString())
    .where("status", "in", FINAL_STATUSES)
    .where(sql<boolean>`(date_done, id) > (${time}, ${id})`)
    .orderBy("date_done")
    .orderBy("id")
    .limit(runsOf(request));
  return database.read(statement.compile());
}

async function countOf({ database }: PruneDeps, { kind }: PruneRequest, runs: readonly string[]): Promise<Batch> {
  const count = async (table: string) => {
    const [found] = await database.read(
      sql`select count(*) as count from ${entriesOf(database, table, runs)}`.compile(database.rows),
    );
    return Number(found!["count"]);
  };
  const isAll = kind === "JOB_RESULTS";
  const counts = { ...NOTHING };
  for (const entries of ENTRIES) if (isAll || kind === entries.kind) counts[entries.count] = await count(entries.table);
  if (isAll) Object.assign(counts, { jobResults: runs.length, files: await count("file_proxy") });
  return { counts, finished: runs.length };
}

async function deleteOf(deps: PruneDeps, request: PruneRequest, runs: readonly string[], from: Cut | undefined): Promise<Batch> {
  const isAll = request.kind === "JOB_RESULTS";
  const counts = { ...NOTHING };
  let left = request.limit;
  const tables = ENTRIES.filter(({ kind }) => isAll || kind === request.kind);
  const first = tables.findIndex(({ table }) => table === from?.table);
  // Nothing is left in the tables before the one that the last batch ended in.
  for (const { table, count } of tables.slice(Math.max(0, first))) {
    const deleted = await deleteEntries(deps, table, runs, left, from?.table === table ? from : undefined);
    counts[count] = deleted.count;
    left -= deleted.count;
    if (left === 0) return { counts, finished: 0, cut: deleted.cut };
  }
  if (!isAll) return { counts, finished: runs.length };
  // Once nothing else belongs to them: a cascade would delete all of it in one statement.
  const finished = runs.slice(0, left);
  return { counts: { ...counts, ...(await deleteRuns(deps, finished)) }, finished: finished.length };
}

type EntryRow = Pick<Selectable<Tables[EntryTable]>, "id" | "job_result_id" | "sequence">;

/** Deletes entries of runs, first those of the run that the last batch ended in. */
async function deleteEntries(
  { database }: PruneDeps,
  table: EntryTable,
  runs: readonly string[],
  limit: number,
  from: Cut | undefined,
): Promise<{ count: number; cut: Cut | undefined }> {
  const found = from ? await entriesAfter(database, from, limit) : [];
  const others = runs.filter((id) => id !== from?.run);
  const isInOrder = found.length === limit;
  if (!isInOrder && others.length > 0) found.push(...(await someEntries(database, table, others, limit - found.length)));
  await deleteRows(
    database,
    table,
    found.map(({ id }) => id),
  );
  const last = found.at(-1);
  return { count: found.length, cut: last && { table, run: last.job_result_id, sequence: isInOrder ? last.sequence : 0 } };
}

async function entriesAfter(database: Database, { table, run, sequence }: Cut, limit: number): Promise<EntryRow[]> {
  const statement = database.rows
    .selectFrom(table)
    .select(["id", "job_result_id", "sequence"])
    .where("job_result_id", "=", run)
    .where("sequence", ">", sequence)
    .orderBy("sequence")
    .limit(limit);
  return database.read(statement.compile());
}

/** Any entries of runs: an order would have all of them read. */
async function someEntries(database: Database, table: EntryTable, runs: readonly string[], limit: number): Promise<EntryRow[]> {
  const statement = sql<EntryRow>`select entry.id, entry.job_result_id from ${entriesOf(database, table, runs)} limit ${limit}`;
  return database.read(statement.compile(database.rows));
}

/** `cross join` tells SQLite which table comes first. */
const entriesOf = (database: Database, table: string, runs: readonly string[]) =>
  sql`${database.owners(database.ownersParameter(runs))} cross join ${sql.table(table)} as entry where entry.job_result_id = owner.value`;

const isOneOf = (database: Database, column: string, ids: readonly string[]) =>
  sql<boolean>`${sql.ref(column)} in (select value from ${database.owners(database.ownersParameter(ids))})`;

async function deleteRows(database: Database, table: EntryTable | "object_change", ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await database.rows
    .deleteFrom(table)
    .where(isOneOf(database, "id", ids))
    .execute();
}

/** Deletes runs with their files. The contents of the files are deleted once no row leads to them. */
async function deleteRuns(
  { database, files }: PruneDeps,
  runs: readonly string[],
): Promise<Pick<Pruned, "files" | "jobResults">> {
  if (runs.length === 0) return { jobResults: 0, files: 0 };
  const deleted = await database.transaction(async (em) => {
    const rows = statementsOf(em);
    const left = await rows
      .deleteFrom("file_proxy")
      .where(isOneOf(database, "job_result_id", runs))
      .returning("id")
      .execute();
    const gone = await rows
      .deleteFrom("job_result")
      .where(isOneOf(database, "id", runs))
      .returning("id")
      .execute();
    return { files: left.map(({ id }) => id), jobResults: gone.length };
  });
  await files.remove(deleted.files);
  return { jobResults: deleted.jobResults, files: deleted.files.length };
}

async function pruneChanges({ database }: PruneDeps, request: PruneRequest, { time, id }: Place): Promise<Pruned> {
  const statement = database.rows
    .selectFrom("object_change")
    .select(["id", (eb) => eb.ref("time").$castTo<string>().as("time")])
    .where("time", "<", request.before.toISOString())
    .where(sql<boolean>`(time, id) > (${time}, ${id})`)
    .where(sql<boolean>`not exists (select 1 from job_hook_delivery where object_change_id = object_change.id)`)
    .orderBy("time")
    .orderBy("id")
    .limit(request.limit);
  const found = await database.read(statement.compile());
  const ids = found.map((change) => change.id);
  if (!request.dryRun) await deleteRows(database, "object_change", ids);
  return { ...NOTHING, objectChanges: ids.length, cursor: ids.length < request.limit ? null : cursorOf(found.at(-1)!) };
}

import type { Kysely } from "@mikro-orm/sql";
import type { CompiledQuery, RawBuilder, SqlBool } from "kysely";
import type { SqlEntityManager } from "@mikro-orm/sql";
import { StartError } from "../errors.ts";
import type { Heartbeat } from "./databases/heartbeat.ts";
import { READ_LIMITS, type ReadLimits } from "./databases/read-limits.ts";
import type { Place } from "./any-case.ts";
import type { Channel, ChannelListener } from "./channel.ts";
import type { ConsoleOutputType, LogLevel } from "./choices.ts";
import type { Tables } from "./tables.ts";

export { TooManyBytes } from "./databases/read-refusals.ts";

/** Columns of every row that a run leaves, one after the other. */
export interface RunRow {
  id: string;
  job_result_id: string;
  sequence: number;
}

/** A log line as it is stored; `created` is ISO 8601 text. Spelled as its columns are. */
export interface LineRow extends RunRow {
  log_level: LogLevel;
  grouping: string;
  message: string;
  created: string;
  log_object: string;
  absolute_url: string;
}

/** A console entry as it is stored; `timestamp` is ISO 8601 text. Spelled as its columns are. */
export interface ConsoleEntryRow extends RunRow {
  timestamp: string;
  output_type: ConsoleOutputType;
  text: string;
}

/** The right to write to a run: of the worker that has claimed it, for the attempt that it began. Spelled as the columns are. */
export interface Hold {
  job_result_id: string;
  worker_id: string;
  attempt: number | null;
}

/** Builds and runs statements within a unit of work, in its transaction. */
export const statementsOf = (em: SqlEntityManager): Kysely<Tables> => em.getKysely() as unknown as Kysely<Tables>;

/** Bounds of one read that a client asks for. */
export interface ReadBounds {
  /**
   * Aborts the read: its statement is canceled, and it rejects with the signal's reason. A read that is answered at once never looks at it, so that it may
   * be made when it is first looked at.
   */
  signal?: AbortSignal | undefined;
  /** Bytes of text that the rows may have together, roughly; more rejects with `TooManyBytes`. */
  maxBytes?: number | undefined;
  /** Id of the user whose read it is: users whose reads have to wait take turns. */
  user?: string | undefined;
  /** Is told how many bytes the rows have, where several statements are read at a time. */
  onRead?(bytes: number): void;
}

/** A row with the columns that its statement selects. */
export type AnyRow = Record<string, unknown>;

/** Type of the values of {@link Database.isOneOf}, as SQL names it. */
export type ListType = "double precision" | "integer" | "text" | "timestamptz" | "uuid";

/** The interface to the database. SQLite and PostgreSQL differ behind these few members only. */
export interface Database {
  /** A fresh unit of work for writing entities. */
  fork(): SqlEntityManager;
  /** Does work in one transaction that is a writer from its start: it is not rejected at its first write because others have written since it read. */
  transaction<T>(work: (em: SqlEntityManager) => Promise<T>): Promise<T>;
  /** Builds statements, and runs those that write single rows; never inside a unit of work of {@link fork}. */
  readonly rows: Kysely<Tables>;
  /**
   * Runs a statement that only reads. A repeated statement is prepared already. It sees committed rows, and waits for no writer. Reads that may take long have
   * a lane of their own, and keep no others from being answered.
   * @param bounds of a client's read; the server's own reads have none, are never rejected, and take the time they need.
   * @throws AppError LIMIT_EXCEEDED for a client's read that passes a bound or takes too long, or before which too many wait.
   */
  read<Row extends AnyRow = AnyRow>(statement: CompiledQuery<Row>, bounds?: ReadBounds): Promise<Row[]>;
  /** Returns estimates of the tables' numbers of rows, by name: rather too high than too low, and at once for tables of any size. */
  estimateRows(): Promise<ReadonlyMap<string, number>>;
  /** True when the columns of a row hold values of their types only: SQLite takes any value for any column. */
  readonly checksTypes: boolean;
  /** The value of a JSON column of a row that was read. @throws an error of any kind where it is no JSON. */
  readJson(column: unknown): unknown;
  /** Returns the value of a JSON column that is only written as JSON again. A long one is its text, as `LongJson`. */
  passJson(column: unknown): unknown;
  /** The text of a member of a JSON column; null where there is none. */
  memberOf(column: RawBuilder<unknown>, name: string): RawBuilder<string>;
  /** Tells whether a text holds one of these at a place; upper and lower case are the same, as Unicode has them. There is at least one. */
  holdsInAnyCase(text: RawBuilder<unknown>, wanted: readonly string[], place: Place): RawBuilder<SqlBool>;
  /** Returns a condition: a text matches a regular expression of RE2's syntax, in time linear in the text. */
  matches(text: RawBuilder<unknown>, pattern: string, ignoreCase: boolean): RawBuilder<SqlBool>;
  /** Tells whether a value is one of these, of this type: one parameter, however many there are. */
  isOneOf(value: RawBuilder<unknown>, values: readonly unknown[], type: ListType): RawBuilder<SqlBool>;
  /**
   * Returns a condition that many rows may fulfil, so that they are found in the order that is asked for, and looked at one by one. SQLite, which does not know
   * how many fulfil it, would else collect all of them by an index, and sort them.
   */
  ofMany(condition: RawBuilder<SqlBool>): RawBuilder<SqlBool>;
  /** A table `owner` with the ids that a parameter holds as `value`, and from 0 on the `place` of each: one parameter, however many there are. */
  owners(parameter: unknown): RawBuilder<unknown>;
  /** The value of that parameter. */
  ownersParameter(ids: readonly string[]): unknown;
  /** True when a subquery in `from` may refer to earlier tables. */
  readonly hasLateral: boolean;
  /**
   * Stores lines and adds them to the counts of their runs, in one transaction. Lines that are stored already, by their sequence, stay as they are: a
   * batch whose answer was lost can be sent again.
   * @param holds of runs whose lines are stored only as long as these hold them.
   * @returns the ids of the runs that are no longer held so; nothing of theirs is stored.
   */
  appendLines(lines: readonly LineRow[], holds?: readonly Hold[]): Promise<readonly string[]>;
  /** Stores printed texts of runs; otherwise as {@link appendLines}. */
  appendConsoleEntries(entries: readonly ConsoleEntryRow[], holds?: readonly Hold[]): Promise<readonly string[]>;
  /** Lets a worker's row say that its process is alive, every so many milliseconds, from its own thread. */
  keepAlive(workerId: string, everyMs: number): Promise<Heartbeat>;
  /** Opens a channel to the other processes that use the database; undefined where the database has none. */
  readonly openChannel?: (listener: ChannelListener) => Promise<Channel>;
  /**
   * Runs work of a kind while no other process runs work of this kind on the database: the objects of a start, or the update of rows from job files.
   * @throws {@link AppError} CONFLICT when another takes longer than a minute.
   */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** Brings the tables up to the newest migration; returns the names of those it ran. */
  migrate(): Promise<string[]>;
  /** SQL that would bring the tables in step with the models; empty when the migrations already did. */
  pendingSchemaChanges(): Promise<string>;
  close(): Promise<void>;
}

/**
 * Opens the database that the URL names; its scheme is the only switch.
 * @throws {@link StartError} when it cannot be opened.
 */
export async function openDatabase(url: string, given: Partial<ReadLimits> = {}): Promise<Database> {
  const limits = { ...READ_LIMITS, ...given };
  try {
    if (url.startsWith("sqlite:"))
      return await (await import("./databases/sqlite.ts")).openSqlite(url.slice("sqlite:".length), limits);
    return await (await import("./databases/postgresql.ts")).openPostgresql(url, limits);
  } catch (error) {
    throw new StartError(`DATABASE_URL: cannot open the database: ${(error as Error).message}`);
  }
}

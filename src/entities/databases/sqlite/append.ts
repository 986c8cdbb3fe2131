import Sqlite from "better-sqlite3";
import type { ConsoleEntryRow, Hold, LineRow } from "../../database.ts";
import { COUNT_COLUMNS, COUNTED_LEVELS } from "../../log-counts.ts";
import { whenUnlocked } from "./busy.ts";

const LINE_COLUMNS = [
  "id",
  "job_result_id",
  "sequence",
  "log_level",
  "grouping",
  "message",
  "created",
  "log_object",
  "absolute_url",
] as const satisfies (keyof LineRow)[];

const CONSOLE_COLUMNS = [
  "id",
  "job_result_id",
  "sequence",
  "timestamp",
  "output_type",
  "text",
] as const satisfies (keyof ConsoleEntryRow)[];

/** Stores lines and console entries. */
interface Append {
  lines(rows: readonly LineRow[], holds: readonly Hold[]): Promise<readonly string[]>;
  consoleEntries(rows: readonly ConsoleEntryRow[], holds: readonly Hold[]): Promise<readonly string[]>;
  close(): void;
}

/** Lines and printed texts have a connection and prepared statements of their own: MikroORM's single connection would make them wait behind reads. */
export function openAppend(file: string): Append {
  // A busy database answers at once: the connection with the lock runs on this very thread, and waiting here would keep it from letting go.
  const connection = new Sqlite(file, { timeout: 0 });
  connection.pragma("synchronous = normal");
  const insertInto = (table: string, columns: readonly string[]) =>
    connection.prepare(
      `insert into ${table} (${columns.join(", ")}) values (${columns.map((name) => `@${name}`).join(", ")})
        on conflict (job_result_id, sequence) do nothing`,
    );
  const insertLine = insertInto("job_log_entry", LINE_COLUMNS);
  const insertEntry = insertInto("job_console_entry", CONSOLE_COLUMNS);
  const isHeld = connection.prepare(
    "select 1 from job_result where id = @job_result_id and status = 'STARTED' and worker_id = @worker_id and attempt is @attempt",
  );
  const count = connection.prepare(
    `update job_result set ${COUNT_COLUMNS.map((name) => `${name} = ${name} + ?`).join(", ")} where id = ?`,
  );

  const lostOf = (holds: readonly Hold[]) => holds.filter((hold) => !isHeld.get(hold)).map((hold) => hold.job_result_id);

  /** Stores those that are not lost and not there yet. @returns those that were stored. */
  function store<Row extends ConsoleEntryRow | LineRow>(
    insert: Sqlite.Statement,
    rows: readonly Row[],
    lost: readonly string[],
  ): Row[] {
    return rows.filter((row) => !lost.includes(row.job_result_id) && insert.run(row).changes > 0);
  }

  const writeLines = connection.transaction((rows: readonly LineRow[], holds: readonly Hold[]) => {
    const lost = lostOf(holds);
    for (const [id, stored] of Map.groupBy(store(insertLine, rows, lost), (line) => line.job_result_id)) {
      const counts = COUNT_COLUMNS.map(
        (name) => stored.filter(({ log_level }) => (COUNTED_LEVELS[name] as readonly string[]).includes(log_level)).length,
      );
      count.run(...counts, id);
    }
    return lost;
  });
  const writeEntries = connection.transaction((rows: readonly ConsoleEntryRow[], holds: readonly Hold[]) => {
    const lost = lostOf(holds);
    store(insertEntry, rows, lost);
    return lost;
  });

  return {
    lines: (rows, holds) => whenUnlocked(() => writeLines.immediate(rows, holds)),
    consoleEntries: (rows, holds) => whenUnlocked(() => writeEntries.immediate(rows, holds)),
    close: () => connection.close(),
  };
}

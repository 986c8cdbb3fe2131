import type { Pool } from "pg";
import type { ConsoleEntryRow, Database, Hold, LineRow } from "../../database.ts";
import { COUNT_COLUMNS, COUNTED_LEVELS } from "../../log-counts.ts";

/*
 * The statement for a batch, prepared once: an array a column, for any number of rows. It locks the runs before it writes, so that a worker that loses a run
 * meanwhile has stored either all of the batch before, or nothing after.
 */

const LINE_COLUMNS = {
  id: "uuid",
  job_result_id: "uuid",
  sequence: "integer",
  log_level: "text",
  grouping: "text",
  message: "text",
  created: "timestamptz",
  log_object: "text",
  absolute_url: "text",
} as const satisfies Record<keyof LineRow, string>;

const CONSOLE_COLUMNS = {
  id: "uuid",
  job_result_id: "uuid",
  sequence: "integer",
  timestamp: "timestamptz",
  output_type: "text",
  text: "text",
} as const satisfies Record<keyof ConsoleEntryRow, string>;

const HOLD_COLUMNS = { job_result_id: "uuid", worker_id: "uuid", attempt: "integer" } as const satisfies Record<
  keyof Hold,
  string
>;

type Columns = Readonly<Record<string, string>>;

/** A table of arrays, one a column, from a parameter on. */
function tableOf(name: string, columns: Columns, first: number): string {
  const arrays = Object.values(columns).map((type, n) => `$${first + n}::${type}[]`);
  return `unnest(${arrays.join(", ")}) as ${name} (${Object.keys(columns).join(", ")})`;
}

const HOLDS = Object.keys(HOLD_COLUMNS).length;

/** Stores rows of runs that are held, or that nobody has to hold. @param then parts that use `stored`, with a comma before each. */
const appendTo = (table: string, columns: Columns, then = "") => `
  with hold as (select * from ${tableOf("hold", HOLD_COLUMNS, 1)}),
  held as (
    select run.id from job_result as run join hold on run.id = hold.job_result_id
    where run.status = 'STARTED' and run.worker_id = hold.worker_id and run.attempt is not distinct from hold.attempt
    for no key update of run
  ),
  lost as (select job_result_id as id from hold except select id from held),
  stored as (
    insert into ${table} (${Object.keys(columns).join(", ")})
    select new.* from ${tableOf("new", columns, HOLDS + 1)} where new.job_result_id not in (select id from lost)
    on conflict (job_result_id, sequence) do nothing
    returning *
  )${then}
  select id from lost`;

const COUNTS = COUNT_COLUMNS.map((name) => {
  const levels = COUNTED_LEVELS[name].map((level) => `'${level}'`).join(", ");
  return `count(*) filter (where log_level in (${levels})) as ${name}`;
});

const ADD_COUNTS = `,
  counted as (
    update job_result as run set ${COUNT_COLUMNS.map((name) => `${name} = run.${name} + new.${name}`).join(", ")}
    from (select job_result_id, ${COUNTS.join(", ")} from stored group by job_result_id) as new
    where run.id = new.job_result_id
  )`;

const APPEND_LINES = appendTo("job_log_entry", LINE_COLUMNS, ADD_COUNTS);
const APPEND_CONSOLE_ENTRIES = appendTo("job_console_entry", CONSOLE_COLUMNS);

/** Returns functions that store lines and console entries. */
export function createAppend(pool: Pool): Pick<Database, "appendConsoleEntries" | "appendLines"> {
  async function append(name: string, text: string, columns: Columns, rows: readonly object[], holds: readonly Hold[]) {
    const arrays = (of: Columns, objects: readonly object[]) =>
      Object.keys(of).map((column) => objects.map((object) => (object as Record<string, unknown>)[column]));
    const values = [...arrays(HOLD_COLUMNS, holds), ...arrays(columns, rows)];
    const { rows: lost } = await pool.query<{ id: string }>({ name, text, values });
    return lost.map(({ id }) => id);
  }
  return {
    appendLines: (lines, holds = []) => append("append-lines", APPEND_LINES, LINE_COLUMNS, lines, holds),
    appendConsoleEntries: (entries, holds = []) =>
      append("append-console-entries", APPEND_CONSOLE_ENTRIES, CONSOLE_COLUMNS, entries, holds),
  };
}

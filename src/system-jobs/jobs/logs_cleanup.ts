import { defineJob, integerVar, type JobContext, z } from "jobgraph";

const DAY_MS = 24 * 60 * 60 * 1000;

/** Rows that one batch deletes; it takes some ten milliseconds, and others have their turn after it. */
const BATCH = 1000;
/** Rows, and runs, that are counted at once. */
const COUNT_BATCH = 10_000;

const KINDS = [
  { kind: "OBJECT_CHANGES", variable: "object_changes_max_age", words: "entries of the change log" },
  { kind: "JOB_CONSOLE_ENTRIES", variable: "job_console_entries_max_age", words: "console entries" },
  { kind: "JOB_LOG_ENTRIES", variable: "job_log_entries_max_age", words: "log entries" },
  { kind: "JOB_RESULTS", variable: "job_results_max_age", words: "job results" },
] as const;

const maxAge = (title: string, description: string) =>
  integerVar({ min: 0, max: 36_500 }).nullish().meta({ title, description, "x-kind": "integer" });

type Counts = Record<"files" | "job_console_entries" | "job_log_entries" | "job_results" | "object_changes", number>;

const PRUNE = `mutation ($kind: PrunableKind!, $before: DateTime!, $limit: Int!, $after: String, $dry_run: Boolean!) {
  prune_records(kind: $kind, before: $before, limit: $limit, after: $after, dry_run: $dry_run) {
    job_results job_log_entries job_console_entries files object_changes cursor
  }
}`;

/** Deletes records that are older than a number of days: results, log entries, console entries, the change log. */
export const LogsCleanup = defineJob({
  name: "Logs Cleanup",
  grouping: "System Jobs",
  description:
    "Deletes job results, log entries, console entries and entries of the change log that are older than a number of days, in small batches. Records without an age are kept. A dry run counts the records. The job may be canceled at any time: deleted records stay deleted, and the next run goes on. Only staff may delete records.",
  enabled: true,
  supportsDryrun: true,
  isSingleton: true,
  softTimeLimit: 3600,
  timeLimit: 3660,
  variables: z.object({
    job_results_max_age: maxAge(
      "Job results",
      "Delete runs that ended more than this many days ago, with their log entries, console entries and files. None: leave them.",
    ),
    job_log_entries_max_age: maxAge(
      "Log entries",
      "Delete the log entries of runs that ended more than this many days ago, and keep the runs. None: leave them.",
    ),
    job_console_entries_max_age: maxAge(
      "Console entries",
      "Delete the console entries of runs that ended more than this many days ago, and keep the runs. None: leave them.",
    ),
    object_changes_max_age: maxAge(
      "Change log",
      "Delete entries of the change log that are older than this many days. None: leave them.",
    ),
  }),
  async run(context) {
    const { data, dryRun, logger, progress } = context;
    const found: Record<string, Counts> = {};
    const deleted = createTally();
    for (const { kind, variable, words } of KINDS) {
      const days = data[variable];
      if (days === null || days === undefined) continue;
      const before = new Date(Date.now() - days * DAY_MS).toISOString();
      const counts = createTally();
      for await (const batch of batches(context, { kind, before, limit: COUNT_BATCH, dry_run: true })) counts.add(batch);
      found[words] = counts.all;
      const total = totalOf(counts.all);
      logger.info(`${describe(counts.all)} from before ${before}`, { object: words, grouping: "found" });
      if (dryRun) continue;
      let done = 0;
      try {
        for await (const batch of batches(context, { kind, before, limit: BATCH, dry_run: false })) {
          deleted.add(batch);
          progress((done += totalOf(batch)), total, words);
        }
      } catch (error) {
        logger.warning(`Stopped: ${done} of ${total} rows are deleted; another run goes on with the rest`, { object: words });
        throw error;
      }
      logger.success(`${done} ${done === 1 ? "row is" : "rows are"} deleted`, { object: words });
    }
    if (Object.keys(found).length === 0) logger.warning("No max age is given, so there is nothing to delete");
    return { found, deleted: deleted.all };
  },
});

interface Batch {
  kind: (typeof KINDS)[number]["kind"];
  before: string;
  limit: number;
  dry_run: boolean;
}

/** Yields the numbers of each batch of a kind, until nothing is left or the run has to stop. */
async function* batches({ graphql, signal }: Pick<JobContext, "graphql" | "signal">, batch: Batch): AsyncGenerator<Counts> {
  let after: string | null = null;
  do {
    signal.throwIfAborted();
    const answer: { prune_records: Counts & { cursor: string | null } } = await graphql(PRUNE, { ...batch, after });
    const { cursor, ...counts } = answer.prune_records;
    after = cursor;
    yield counts;
  } while (after !== null);
}

function createTally() {
  const all: Counts = { job_results: 0, job_log_entries: 0, job_console_entries: 0, files: 0, object_changes: 0 };
  return {
    all,
    add(counts: Counts) {
      for (const name of Object.keys(all) as (keyof Counts)[]) all[name] += counts[name];
    },
  };
}

const totalOf = (counts: Counts) => Object.values(counts).reduce((sum, count) => sum + count, 0);

/** Describes counts, without zeros: `2 job results, 10 job log entries`. */
const describe = (counts: Counts) =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name.replaceAll("_", " ")}`)
    .join(", ") || "nothing";

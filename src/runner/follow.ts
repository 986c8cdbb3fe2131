import { FINAL_STATUSES, type JobResultStatus } from "../entities/choices.ts";
import type { Database } from "../entities/database.ts";
import type { Broker } from "./broker.ts";

/** Lines in one step; what a follower that comes late is given at a time. */
const MAX_LINES = 500;
/** A lost bell is made good by looking again after this long. */
const SAFETY_MS = 5000;

/** A stored line with the columns that were asked for, and its `sequence`. */
export type FollowedLine = Record<string, unknown> & { sequence: number };

/** Where lines are, and what rings when there are more. */
export interface FollowSource {
  database: Database;
  broker: Broker;
}

/** Whose log, from where on, and what of it. */
export interface FollowRequest {
  jobResultId: string;
  /** Lines up to this sequence are known already. */
  afterSequence: number;
  /** Columns to read besides `sequence`. */
  columns: readonly string[];
}

/**
 * The lines of a run after a cursor: first those that are stored, then those that come, in order, without a gap and each once. Ends when
 * the run has settled and all was given; a run is settled only after its last line is stored.
 */
export function follow(source: FollowSource, request: FollowRequest): AsyncIterableIterator<FollowedLine[]> {
  const bell = source.broker.listen(`lines:${request.jobResultId}`);
  const lines = read(source, request, bell);
  return {
    next: () => lines.next(),
    async return() {
      // A generator that waits cannot be ended from outside; ending the bell ends the wait.
      await bell.return?.();
      return lines.return(undefined);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

async function* read(
  { database }: FollowSource,
  { jobResultId, afterSequence, columns }: FollowRequest,
  bell: AsyncIterator<void>,
): AsyncGenerator<FollowedLine[], undefined, undefined> {
  const selected = [...new Set(["sequence", ...columns])];
  let cursor = afterSequence;
  try {
    for (;;) {
      // The status is read before the lines: when it is final, the lines read after it are all there will be.
      const settled = await isSettled(database, jobResultId);
      const lines = (await database.read(
        database.rows
          .selectFrom("job_log_entry")
          .select(selected)
          .where("job_result_id", "=", jobResultId)
          .where("sequence", ">", cursor)
          .orderBy("sequence")
          .limit(MAX_LINES)
          .compile(),
      )) as FollowedLine[];
      if (lines.length > 0) {
        cursor = lines.at(-1)!.sequence;
        yield lines;
      }
      if (lines.length === MAX_LINES) continue;
      if (settled || (await isOver(bell))) return;
    }
  } finally {
    await bell.return?.();
  }
}

async function isSettled(database: Database, jobResultId: string): Promise<boolean> {
  const [run] = await database.read(
    database.rows.selectFrom("job_result").select("status").where("id", "=", jobResultId).compile(),
  );
  return !run || FINAL_STATUSES.includes(run["status"] as JobResultStatus);
}

/** Waits for a ring, or long enough; true when the bell was ended instead. */
async function isOver(bell: AsyncIterator<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<{ done: false }>((resolve) => (timer = setTimeout(resolve, SAFETY_MS, { done: false })));
  const { done } = await Promise.race([bell.next(), late]);
  clearTimeout(timer);
  return done ?? false;
}

import type { Logger } from "pino";
import type { Database, Hold } from "../../entities/database.ts";
import type { Broker } from "../messaging/broker.ts";
import type { Recorder } from "./recorder.ts";
import type { Progress } from "../sandbox/sandbox.ts";

/** Shortest time between two values of a run that are stored. */
const INTERVAL_MS = 100;

/** Progress of one run, on its way into its record. */
export interface RunProgress {
  /** Stores a value, now or a little later, unless a newer one comes meanwhile. Never throws: progress is no reason to fail. */
  set(progress: Progress): void;
  /** Resolves once the last value is stored. */
  close(): Promise<void>;
}

/** @param deps where progress is stored, and the broker that notifies of it. */
export function openProgress(
  { database, broker, recorder, log }: { database: Database; broker: Broker; recorder: Recorder; log: Logger },
  { job_result_id: jobResultId, worker_id, attempt }: Hold,
): RunProgress {
  let next: Progress | undefined;
  let writing: Promise<void> | undefined;
  const closing = Promise.withResolvers<void>();

  async function store({ done, total, message }: Progress): Promise<void> {
    try {
      const statement = database.rows
        .updateTable("job_result")
        .set({ progress_done: done, progress_total: total, progress_message: message })
        .where("id", "=", jobResultId)
        .where("worker_id", "=", worker_id)
        .where("attempt", "=", attempt);
      await recorder.record(() => statement.execute());
      broker.notify(`result:${jobResultId}`);
    } catch (error) {
      log.error({ err: error, job_result: jobResultId }, "the progress of a run could not be stored");
    }
  }

  async function write(): Promise<void> {
    while (next) {
      const progress = next;
      next = undefined;
      let timer: NodeJS.Timeout | undefined;
      const pause = new Promise<void>((resolve) => (timer = setTimeout(resolve, INTERVAL_MS)));
      await store(progress);
      await Promise.race([pause, closing.promise]);
      clearTimeout(timer);
    }
    writing = undefined;
  }

  return {
    set(progress) {
      next = progress;
      writing ??= write();
    },
    async close() {
      closing.resolve();
      await writing;
    },
  };
}

import { z } from "zod";
import type { Database } from "../../entities/database.ts";
import { DEFAULT_QUEUE } from "../../entities/models/job-queue.ts";

const absent = <T extends z.ZodType>(type: T) => type.nullish().transform((value) => value ?? undefined);
const count = absent(z.number().nonnegative());
const flag = absent(z.boolean());
const text = absent(z.string());

const OPTIONS = z.object({
  queue: text,
  dryrun: flag,
  console_log: flag,
  /** In seconds. */
  soft_time_limit: count,
  /** In seconds. */
  time_limit: count,
  /** Attempts after the first. */
  max_retries: count,
  /** Seconds until the second. */
  retry_backoff: count,
  /** Of the source that the run was approved with. */
  source_version: text,
});

/** How a run was asked for, as its `celery_kwargs` keep it. */
export type RunOptions = z.output<typeof OPTIONS>;

/** Returns the options of a run; undefined where its `celery_kwargs` cannot be read: the run can be delivered and settled, and not be carried out. */
export function readRunOptions(database: Pick<Database, "readJson">, celeryKwargs: unknown): RunOptions | undefined {
  try {
    return OPTIONS.parse(database.readJson(celeryKwargs) ?? {});
  } catch {
    return undefined;
  }
}

/** Returns the queue of a run: the default one where its `celery_kwargs` name none. */
export function queueOf(database: Pick<Database, "readJson">, celeryKwargs: unknown): string {
  return readRunOptions(database, celeryKwargs)?.queue ?? DEFAULT_QUEUE;
}

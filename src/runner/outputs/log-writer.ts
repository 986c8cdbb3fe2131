import { newId } from "../../entities/new-id.ts";
import type { Database, Hold } from "../../entities/database.ts";
import { lastSequenceOf, type RowKind } from "../../entities/sequences.ts";
import { createBatchWriter } from "./batch-writer.ts";
import type { Broker } from "../messaging/broker.ts";
import type { Recorder } from "./recorder.ts";
import type { SaidLine } from "../sandbox/sandbox.ts";

/** The lines of one run on their way into the database. */
export interface RunLines {
  /** Resolves once the batch is stored and its followers are notified, however long the database is away. Rejects when it cannot be stored. */
  append(batch: readonly SaidLine[]): Promise<void>;
}

/** Stores the lines of all runs of this process, in batches. */
export interface LogWriter {
  /**
   * @param after sequence of the run's last line; 0 for a new run.
   * @param hold without which no line is stored; anybody may write where it is absent.
   */
  open(jobResultId: string, after?: number, hold?: Hold): RunLines;
}

/** Sequence of the last line of a run, or of its last console entry; 0 for none. */
export async function lastSequence(database: Database, table: RowKind, jobResultId: string): Promise<number> {
  const found = await lastSequenceOf(database.rows, table, jobResultId).executeTakeFirst();
  return Number(found?.last ?? 0);
}

/** Gives lines their sequence and id, and writes them. */
export function createLogWriter(deps: { database: Database; broker: Broker; recorder: Recorder }): LogWriter {
  const append = createBatchWriter(deps.database.appendLines, (id) => deps.broker.notify(`lines:${id}`), deps.recorder);
  return {
    open(jobResultId, after = 0, hold = undefined) {
      let sequence = after;
      return {
        append: (batch) =>
          append({
            jobResultId,
            hold,
            rows: batch.map((line) => ({
              id: newId(),
              job_result_id: jobResultId,
              sequence: ++sequence,
              log_level: line.level,
              grouping: line.grouping,
              message: line.message,
              created: new Date(line.created).toISOString(),
              log_object: line.object,
              absolute_url: line.url,
            })),
          }),
      };
    },
  };
}

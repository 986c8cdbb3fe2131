import { newId } from "../../entities/new-id.ts";
import type { Database, Hold } from "../../entities/database.ts";
import { createBatchWriter } from "./batch-writer.ts";
import type { Broker } from "../messaging/broker.ts";
import type { Recorder } from "./recorder.ts";
import type { PrintedText } from "../sandbox/sandbox.ts";

/** Texts that come in one burst, and to the same stream, become one entry until it is as long as this, in characters. */
const MAX_MERGED = 10_000;

/** Stores the printed texts of the runs of this process, in batches. */
export interface ConsoleWriter {
  /**
   * The returned function resolves once the texts are stored, and rejects when they could not be.
   * @param after sequence of the run's last entry; 0 for a new run.
   * @param hold without which nothing is stored.
   */
  open(jobResultId: string, after: number, hold: Hold): (batch: readonly PrintedText[]) => Promise<void>;
}

/** Gives entries their sequence and id, and writes them. The texts of a run's entries, joined in their order, are its printed text. */
export function createConsoleWriter(deps: { database: Database; broker: Broker; recorder: Recorder }): ConsoleWriter {
  const { database, broker, recorder } = deps;
  const append = createBatchWriter(database.appendConsoleEntries, (id) => broker.notify(`console:${id}`), recorder);
  return {
    open(jobResultId, after, hold) {
      let sequence = after;
      return (batch) =>
        append({
          jobResultId,
          hold,
          rows: merge(batch).map(({ stream, text, created }) => ({
            id: newId(),
            job_result_id: jobResultId,
            sequence: ++sequence,
            timestamp: new Date(created).toISOString(),
            output_type: stream === "stdout" ? "STDOUT" : "STDERR",
            text,
          })),
        });
    },
  };
}

function merge(batch: readonly PrintedText[]): PrintedText[] {
  const merged: PrintedText[] = [];
  for (const printed of batch) {
    const last = merged.at(-1);
    if (last?.stream === printed.stream && last.text.length + printed.text.length <= MAX_MERGED) last.text += printed.text;
    else merged.push({ ...printed });
  }
  return merged;
}

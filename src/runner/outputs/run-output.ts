import type { Logger } from "pino";
import type { Database, Hold } from "../../entities/database.ts";
import type { Broker } from "../messaging/broker.ts";
import type { FileStore } from "./files.ts";
import type { ExecuteOperation } from "../sandbox/operation.ts";
import { openProgress } from "./progress-writer.ts";
import type { Recorder } from "./recorder.ts";
import type { Append, RowWriter } from "./row-writer.ts";
import type { PrintedText, RunListener, SaidLine } from "../sandbox/sandbox.ts";

/** Texts that come in one burst, and to the same stream, become one entry until it is as long as this, in characters. */
const MAX_MERGED = 10_000;

/** Dependencies of {@link openOutput}. */
export interface OutputDeps {
  database: Database;
  broker: Broker;
  recorder: Recorder;
  consoleWriter: RowWriter<PrintedText>;
  files: FileStore;
  executeOperation: ExecuteOperation;
  log: Logger;
}

/** The run whose output is stored. */
export interface OutputOwner {
  hold: Hold;
  userId: string | null;
  keepsConsole: boolean;
  /** Sequence of the last console entry of an earlier attempt; 0 for none. */
  printed: number;
  lines: Append<SaidLine>;
}

/** Takes the output of a run to its place. */
export interface Output {
  on: RunListener;
  /** Resolves once all of it is stored. */
  close(): Promise<void>;
}

/**
 * Opens the output of a run: lines, printed texts, progress and files, and its operations in the API. Texts are kept with the run when it has
 * `console_log`, and go to the server's log otherwise.
 */
export function openOutput(deps: OutputDeps, run: OutputOwner): Output {
  const id = run.hold.job_result_id;
  const progress = openProgress(deps, run.hold);
  const print = deps.consoleWriter.open(run.hold, run.printed);
  const store = deps.files.open(run.hold);
  const file: RunListener["file"] = (name, content) =>
    store(name, content).catch((error: NodeJS.ErrnoException) => {
      if (!error.syscall) throw error;
      // It names folders of the server, which are not the job's to know.
      deps.log.error({ err: error, job_result: id }, "a file could not be stored");
      throw Object.assign(new Error(`The file "${name}" could not be stored: ${error.code}.`), { name: "FileStorageError" });
    });
  const log: RunListener["printed"] = async (batch) => {
    for (const { output_type, text } of batch)
      deps.log.info({ stream: output_type.toLowerCase(), job_result: id }, text.trimEnd());
  };
  return {
    on: {
      lines: run.lines,
      printed: run.keepsConsole ? (batch) => print(merge(batch)) : log,
      progress: (value) => progress.set(value),
      file,
      graphql: (document, variables) => deps.executeOperation({ userId: run.userId, hold: run.hold, document, variables }),
    },
    close: () => progress.close(),
  };
}

/** Joins texts of the same stream. The merged texts, joined in their order, are the printed text. */
function merge(batch: readonly PrintedText[]): PrintedText[] {
  const merged: PrintedText[] = [];
  for (const printed of batch) {
    const last = merged.at(-1);
    if (last?.output_type === printed.output_type && last.text.length + printed.text.length <= MAX_MERGED)
      last.text += printed.text;
    else merged.push({ ...printed });
  }
  return merged;
}

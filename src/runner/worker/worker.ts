import type { Logger } from "pino";
import type { Hold } from "../../entities/database.ts";
import { lastSequence } from "../../entities/sequences.ts";
import type { SanitizerPattern } from "../../sanitizer-patterns.ts";
import type { Delivery } from "../messaging/broker.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { failed, failureOf } from "../sandbox/failure.ts";
import type { FileStore } from "../outputs/files.ts";
import { openOutput } from "../outputs/run-output.ts";
import type { Append, RowWriter } from "../outputs/row-writer.ts";
import { loadObjects } from "../gate/object-variables.ts";
import type { ExecuteOperation } from "../sandbox/operation.ts";
import { receiverData } from "../triggers/receivers.ts";
import type { Waker } from "../messaging/waker.ts";
import { claim, type ClaimedRun } from "../runs/claim.ts";
import { attemptBegins } from "../runs/retry.ts";
import { readRunOptions } from "../runs/run-options.ts";
import type { RunStop, RunStops } from "./run-stops.ts";
import { runToken } from "../runs/run-token.ts";
import { ownLine } from "../sandbox/own-line.ts";
import type { Outcome, PrintedText, SaidLine, Sandbox, TimeLimits } from "../sandbox/sandbox.ts";
import { secretsIn } from "../secrets/sensitive-inputs.ts";
import { settle, type SettleDeps } from "../runs/settle.ts";
import { releaseWaiting } from "../runs/slots.ts";
import { fileVersion } from "../catalog/file-version.ts";
import { readTimeLimits, softLimitWarning } from "../runs/time-limits.ts";
import type { Vault } from "../secrets/vault.ts";

/** Dependencies of a worker. */
export interface WorkerDeps extends SettleDeps {
  catalog: Catalog;
  sandbox: Sandbox;
  logWriter: RowWriter<SaidLine>;
  stops: RunStops;
  retries: Waker;
  consoleWriter: RowWriter<PrintedText>;
  files: FileStore;
  executeOperation: ExecuteOperation;
  /** Limits of runs that were recorded without any. */
  timeLimits: TimeLimits;
  /** Seals sensitive inputs. */
  vault: Vault;
  /** Patterns of texts that are hidden in all output of runs. */
  sanitizerPatterns: readonly SanitizerPattern[];
  log: Logger;
  /** Recorded on every run it takes: a name for people. */
  name: string;
  /** Id of the worker's row, new at each start. A run belongs to this worker as long as its row has the id. */
  workerId: string;
}

/** Makes runs of deliveries. */
export interface Worker {
  handle(delivery: Delivery): Promise<void>;
  /** Gives running jobs `graceMs` to end by themselves, then ends them; resolves when all are recorded. */
  close(graceMs: number): Promise<void>;
}

class WorkerShutdown extends Error {
  override readonly name = "WorkerShutdown";
}

/** A delivery becomes claim → sandbox → settle. The claim decides: of two deliveries of one run, one finds it no longer PENDING. */
export function createWorker(deps: WorkerDeps): Worker {
  const { database, broker, catalog, clock, recorder, stops, workerId, log } = deps;
  const running = new Set<Promise<void>>();

  async function run({ id }: Delivery): Promise<void> {
    const stop = stops.open(id);
    try {
      const now = new Date(clock.now());
      const claimed = await recorder.record(() => claim(database, id, { workerId, name: deps.name, now }));
      if (!claimed) return;
      const { attempt } = claimed;
      stop.claimed(attempt);
      broker.notify(`result:${id}`);
      const hold: Hold = { job_result_id: id, worker_id: workerId, attempt };
      const last = attempt > 1 ? await recorder.record(() => lastSequence(database.rows, "job_log_entry", id)) : 0;
      const append = deps.logWriter.open(hold, last);
      const outcome = await execute(deps, claimed, hold, append, stop).catch(failureOf);
      const options = readRunOptions(database, claimed.celery_kwargs) ?? {};
      const status = await settle(deps, { hold, options, append }, outcome, "TERMINATED");
      if (status === undefined) log.warn({ job_result: id, attempt }, "a run was no longer this worker's when it ended");
      if (status === "RETRY") deps.retries.wake();
      else if (claimed.waits_for_slot !== null || catalog.source(claimed.task_name ?? "")?.isLimited)
        await recorder.record(() => releaseWaiting(deps, claimed.job_model_id));
    } finally {
      stop.close();
    }
  }

  return {
    async handle(delivery) {
      const work = run(delivery).catch((error: unknown) =>
        log.error({ err: error, job_result: delivery.id }, "a run could not be recorded"),
      );
      running.add(work);
      await work;
      running.delete(work);
    },
    async close(graceMs) {
      const shutdown = new WorkerShutdown(`The server was stopped, and the job did not end within ${graceMs} ms.`);
      const timer = setTimeout(() => stops.shutDown(shutdown), graceMs);
      // Other workers settle the runs that cannot be recorded in time, once nothing keeps this worker's runs.
      const late = setTimeout(() => recorder.giveUp(), graceMs + RECORD_MS);
      await Promise.all(running);
      clearTimeout(timer);
      clearTimeout(late);
      // Runs of dead workers are others' to settle from here on.
      recorder.giveUp();
    },
  };
}

/** Milliseconds after their grace that the last runs of a stopping server have to be recorded. */
const RECORD_MS = 5000;

async function execute(
  deps: WorkerDeps,
  run: ClaimedRun,
  hold: Hold,
  append: Append<SaidLine>,
  { tell, end }: RunStop,
): Promise<Outcome> {
  const { database, catalog, recorder, sandbox, timeLimits } = deps;
  const options = readRunOptions(database, run.celery_kwargs);
  if (!options) return failed("UnreadableOptions", "The `celery_kwargs` of the run cannot be read.");
  if (run.attempt > 1) {
    const message = attemptBegins(run.attempt, options, database.readJson(run.result));
    await append([ownLine("INFO", message, deps.clock.now())]);
  }
  const source = catalog.source(run.task_name ?? "");
  if (!source) return notInstalled(run.task_name, catalog.loadError(run.task_name ?? ""));
  if (options.source_version !== undefined && options.source_version !== (await fileVersion(source.file)))
    return otherSource(run.task_name);
  const sensitive = run.sensitive_kwargs === null ? {} : (deps.vault.open(run.sensitive_kwargs, run.id) as object);
  const kwargs = { ...(database.readJson(run.task_kwargs) as Record<string, unknown>), ...sensitive };
  const limits = readTimeLimits(options, timeLimits);
  const warning = softLimitWarning(limits);
  if (warning) await append([warning]);
  const { receiver, variablesSchema, isLimited: _, version: __, ...code } = source;
  const task = {
    ...code,
    jobResult: { id: run.id, name: run.name, token: runToken(deps.vault, run) },
    data: await recorder.record(() =>
      receiver ? receiverData(database, receiver, kwargs) : loadObjects(database, run.user_id, variablesSchema, kwargs),
    ),
    dryRun: options.dryrun ?? false,
    limits,
    redaction: { secrets: secretsIn(sensitive), patterns: deps.sanitizerPatterns },
    user: run.user_id === null || run.username === null ? null : { id: run.user_id, username: run.username },
  };
  // Canceled in the meantime: none of its code has to be run.
  if (tell.aborted) return failureOf(tell.reason as Error);
  const printed = run.attempt > 1 ? await recorder.record(() => lastSequence(database.rows, "job_console_entry", run.id)) : 0;
  const output = openOutput(deps, {
    hold,
    userId: run.user_id,
    keepsConsole: options.console_log ?? false,
    printed,
    lines: append,
  });
  const outcome = await sandbox.run(task, output.on, tell, end);
  await output.close();
  return outcome;
}

function notInstalled(classPath: string | null, loadError: string | undefined): Outcome {
  const message =
    loadError === undefined
      ? `The source of ${classPath} was no longer installed when the run started.`
      : `The source of ${classPath} did not load when the run started: ${loadError}`;
  return failed("JobNotInstalled", message);
}

function otherSource(classPath: string | null): Outcome {
  return failed("SourceChanged", `The source of ${classPath} has changed since the run was approved.`);
}

import type { Logger } from "pino";
import type { Database } from "../entities/database.ts";
import type { Broker, Delivery } from "./broker.ts";
import type { Catalog } from "./catalog.ts";
import type { ConsoleWriter } from "./console-writer.ts";
import type { FileStore } from "./files.ts";
import { openLeaves } from "./leaves.ts";
import type { LogWriter } from "./log-writer.ts";
import { loadObjects } from "./object-variables.ts";
import { receiverData } from "./receivers.ts";
import type { Outcome, Sandbox, TimeLimits } from "./sandbox.ts";
import { readTimeLimits, softLimitWarning } from "./time-limits.ts";

/** What a worker needs. */
export interface WorkerDeps {
  database: Database;
  broker: Broker;
  catalog: Catalog;
  sandbox: Sandbox;
  logWriter: LogWriter;
  consoleWriter: ConsoleWriter;
  files: FileStore;
  /** Of runs that were recorded without any. */
  timeLimits: TimeLimits;
  log: Logger;
  /** Recorded on every run it takes. */
  name: string;
}

/** Makes runs of deliveries. */
export interface Worker {
  handle(delivery: Delivery): Promise<void>;
  /** Gives running jobs `graceMs` to end by themselves, then ends them; resolves when all are recorded. */
  close(graceMs: number): Promise<void>;
}

/** A run as the claim returns it. */
interface ClaimedRun {
  id: string;
  name: string;
  task_name: string | null;
  user_id: string | null;
  task_kwargs: unknown;
  celery_kwargs: unknown;
}

class WorkerShutdown extends Error {
  override readonly name = "WorkerShutdown";
}

/** A delivery becomes claim → sandbox → settle. The claim decides: of two deliveries of one run, one finds it no longer PENDING. */
export function createWorker(deps: WorkerDeps): Worker {
  const { database, broker, log } = deps;
  const stop = new AbortController();
  const running = new Set<Promise<void>>();

  async function claim(id: string): Promise<ClaimedRun | undefined> {
    return (await database.rows
      .updateTable("job_result")
      .set({ status: "STARTED", date_started: new Date().toISOString(), worker: deps.name })
      .where("id", "=", id)
      .where("status", "=", "PENDING")
      .returning(["id", "name", "task_name", "user_id", "task_kwargs", "celery_kwargs"])
      .executeTakeFirst()) as ClaimedRun | undefined;
  }

  async function settle(id: string, outcome: Outcome): Promise<void> {
    const columns =
      outcome.kind === "success"
        ? { status: "SUCCESS", result: JSON.stringify(outcome.result) }
        : {
            status: "FAILURE",
            result: JSON.stringify({ exc_type: outcome.excType, exc_message: outcome.excMessage }),
            traceback: outcome.traceback,
          };
    await database.rows
      .updateTable("job_result")
      .set({ ...columns, date_done: new Date().toISOString() })
      .where("id", "=", id)
      .where("status", "=", "STARTED")
      .execute();
    broker.notify(`result:${id}`);
    broker.notify(`lines:${id}`);
  }

  async function run({ id }: Delivery): Promise<void> {
    const claimed = await claim(id);
    if (!claimed) return;
    broker.notify(`result:${id}`);
    await settle(id, await execute(deps, claimed, stop.signal).catch(failureOf));
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
      const timer = setTimeout(() => stop.abort(shutdown), graceMs);
      await Promise.all(running);
      clearTimeout(timer);
    },
  };
}

async function execute(deps: WorkerDeps, run: ClaimedRun, signal: AbortSignal): Promise<Outcome> {
  const { database, catalog, sandbox, logWriter, timeLimits } = deps;
  const source = catalog.source(run.task_name ?? "");
  if (!source) return notInstalled(run.task_name);
  const lines = logWriter.open(run.id);
  const kwargs = database.readJson(run.task_kwargs) as Record<string, unknown>;
  const options = database.readJson(run.celery_kwargs) as RunOptions;
  const limits = readTimeLimits(options, timeLimits);
  const warning = softLimitWarning(limits);
  if (warning) await lines.append([warning]);
  const { receiver, variablesSchema, ...code } = source;
  const task = {
    ...code,
    jobResult: { id: run.id, name: run.name },
    data: await (receiver ? receiverData(database, receiver, kwargs) : loadObjects(database, variablesSchema, kwargs)),
    dryRun: options.dryrun ?? false,
    limits,
    user: run.user_id === null ? null : await readUser(database, run.user_id),
  };
  const leaves = openLeaves(deps, { id: run.id, keepsConsole: options.console_log ?? false, lines });
  const outcome = await sandbox.run(task, leaves.on, signal);
  await leaves.close();
  return outcome;
}

/** How a run was asked for, as its `celery_kwargs` keep it. */
interface RunOptions {
  dryrun?: boolean;
  console_log?: boolean;
  soft_time_limit?: number;
  time_limit?: number;
}

async function readUser(database: Database, id: string): Promise<{ id: string; username: string } | null> {
  const user = await database.rows.selectFrom("user").select(["id", "username"]).where("id", "=", id).executeTakeFirst();
  return (user as { id: string; username: string } | undefined) ?? null;
}

/** What kept the job from being started at all. */
function failureOf(error: Error): Outcome {
  const { name, message, stack = "" } = error;
  return { kind: "failure", excType: name, excMessage: message, traceback: stack };
}

function notInstalled(classPath: string | null): Outcome {
  const excMessage = `The source of ${classPath} was no longer installed when the run started.`;
  return { kind: "failure", excType: "JobNotInstalled", excMessage, traceback: `JobNotInstalled: ${excMessage}` };
}

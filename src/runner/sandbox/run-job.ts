import { setImmediate } from "node:timers/promises";
import type { Outcome, SandboxTask } from "../sandbox.ts";
import { type DefinedJob, type JobContext, JobFailure, type JobOutcome } from "../define-job.ts";
import { checkData } from "./check-data.ts";
import type { RunFiles } from "./files.ts";
import { loadJob } from "./load-job.ts";
import type { RunOperations } from "./operations.ts";
import type { Redactor } from "./redaction.ts";
import { toJson } from "./to-json.ts";
import type { UnderWay } from "./under-way.ts";

/** What a job is given besides its task. */
export interface JobMeans extends Pick<JobContext, "logger" | "progress" | "signal"> {
  files: RunFiles;
  redactor: Redactor;
  operations: RunOperations;
  underWay: UnderWay;
}

/** Runs a task's job in this thread; whatever it throws is its outcome. */
export async function runJob(task: SandboxTask, { files, redactor, operations, underWay, ...means }: JobMeans): Promise<Outcome> {
  try {
    const job = await loadJob(task);
    const checked = await checkData(job, task.data);
    if ("details" in checked) throw new TypeError(checked.details.map(({ field, message }) => `${field}: ${message}`).join("; "));
    const { dryRun, user, jobResult } = task;
    const context: JobContext = {
      ...means,
      data: checked.data,
      dryRun,
      user,
      jobResult,
      createFile: (name, content) => underWay.add(files.create(name, content)),
      graphql: <Data>(document: unknown, variables?: unknown) =>
        underWay.add(operations.send(document, variables)) as Promise<Data>,
    };
    const outcome = await runWithHooks(job, context);
    if (outcome.status === "FAILURE") throw outcome.error;
    await underWay.settled();
    // A rejection that nobody awaited is reported one turn later; without this turn the run would count as a success.
    await setImmediate();
    return { kind: "success", result: checkLength(redactor.json(outcome.result)) };
  } catch (error) {
    return failure(error, redactor, means.signal);
  }
}

/** In the order that `JobHooks` documents. */
async function runWithHooks(job: DefinedJob, context: JobContext): Promise<JobOutcome> {
  let outcome: JobOutcome;
  try {
    await job.beforeStart?.(context);
    outcome = { status: "SUCCESS", result: toJson(await job.run(context)) };
  } catch (error) {
    outcome = { status: "FAILURE", error };
    await tolerate("onFailure", context, () => job.onFailure?.(context, error));
  }
  if (outcome.status === "SUCCESS") {
    try {
      await job.onSuccess?.(context, outcome.result);
    } catch (error) {
      outcome = { status: "FAILURE", error };
    }
  }
  const told = outcome;
  await tolerate("afterReturn", context, () => job.afterReturn?.(context, told));
  return outcome;
}

/** Calls a hook that cannot change the outcome. */
async function tolerate(hook: string, { logger }: JobContext, call: () => unknown): Promise<void> {
  try {
    await call();
  } catch (error) {
    const { name, message } = errorOf(error);
    logger.error(`${hook} failed: ${name}: ${message}`);
  }
}

/** Longest result, in characters of JSON. */
const MAX_RESULT = 16_000_000;

function checkLength(result: unknown): unknown {
  const { length } = JSON.stringify(result);
  if (length <= MAX_RESULT) return result;
  throw new TypeError(`The result has ${length} characters of JSON; ${MAX_RESULT} can be kept. Leave more as a file.`);
}

/** Longest text of a failure, in characters. */
const MAX_TEXT = 100_000;

/** A thrown value, of any kind, as an outcome. What a timer or a stream makes of `signal` is told as the signal's own reason. */
export function failure(thrown: unknown, redactor: Redactor, signal?: AbortSignal): Outcome & { kind: "failure" } {
  const error = errorOf(thrown);
  const { name, message } = signal?.aborted && error.cause === signal.reason ? (signal.reason as Error) : error;
  return {
    kind: "failure",
    excType: redactor.text(String(name), MAX_TEXT),
    excMessage: redactor.text(String(message), MAX_TEXT),
    traceback: error instanceof JobFailure ? null : redactor.text(traceback(error), MAX_TEXT),
  };
}

const errorOf = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(typeof thrown === "string" ? thrown : `threw ${String(thrown)}`);

/** The stack and its causes' stacks. */
function traceback(error: Error): string {
  const stack = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause instanceof Error ? `${stack}\nCaused by: ${traceback(error.cause)}` : stack;
}

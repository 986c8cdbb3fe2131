import { setImmediate } from "node:timers/promises";
import type { Outcome, SandboxTask } from "../sandbox.ts";
import { type DefinedJob, type JobContext, type JobOutcome } from "../../../sdk/define-job.ts";
import { checkData } from "./check-data.ts";
import type { RunFiles } from "./files.ts";
import { loadJob } from "./load-job.ts";
import type { RunOperations } from "./operations.ts";
import { failure, readThrown } from "../wire/thrown.ts";
import { stringify } from "../wire/real-builtins.ts";
import { MAX_RESULT } from "../wire/record-limits.ts";
import type { Redactor } from "../redaction/redaction.ts";
import { toJson } from "./to-json.ts";
import type { UnderWay } from "./under-way.ts";

/** Means of a job besides its task. */
export interface JobMeans extends Pick<JobContext, "logger" | "progress" | "signal"> {
  files: RunFiles;
  redactor: Redactor;
  operations: RunOperations;
  underWay: UnderWay;
}

/** Runs a task's job in this thread. An error that it throws becomes the outcome. */
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
    const { name, message } = readThrown(error);
    logger.error(`${hook} failed: ${name}: ${message}`);
  }
}

function checkLength(result: unknown): unknown {
  const { length } = stringify(result);
  if (length <= MAX_RESULT) return result;
  throw new TypeError(`The result has ${length} characters of JSON; ${MAX_RESULT} can be kept. Leave more as a file.`);
}

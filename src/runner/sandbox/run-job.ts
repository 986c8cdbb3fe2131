import { setImmediate } from "node:timers/promises";
import type { Outcome, SandboxTask } from "../sandbox.ts";
import type { JobLogger } from "../define-job.ts";
import { checkData } from "./check-data.ts";
import { loadJob } from "./load-job.ts";
import { fitText } from "./fit-text.ts";
import { toJson } from "./to-json.ts";

/** Runs a task's job in this thread; whatever it throws is its outcome. */
export async function runJob(task: SandboxTask, logger: JobLogger, signal: AbortSignal): Promise<Outcome> {
  try {
    const job = await loadJob(task);
    const checked = await checkData(job, task.data);
    if ("details" in checked) throw new TypeError(checked.details.map(({ field, message }) => `${field}: ${message}`).join("; "));
    const { dryRun, user, jobResult } = task;
    const result = await job.run({ logger, data: checked.data, signal, dryRun, user, jobResult });
    // A rejection that nobody awaited is reported one turn later; without this turn the run would count as a success.
    await setImmediate();
    return { kind: "success", result: toJson(result) };
  } catch (error) {
    return failure(error, signal);
  }
}

/** Longest text of a failure, in characters. */
const MAX_TEXT = 100_000;

/** A thrown value, of any kind, as an outcome. What a timer or a stream makes of `signal` is told as the signal's own reason. */
export function failure(thrown: unknown, signal?: AbortSignal): Outcome & { kind: "failure" } {
  const error = thrown instanceof Error ? thrown : new Error(typeof thrown === "string" ? thrown : `threw ${String(thrown)}`);
  const { name, message } = signal?.aborted && error.cause === signal.reason ? (signal.reason as Error) : error;
  return {
    kind: "failure",
    excType: fitText(String(name), MAX_TEXT),
    excMessage: fitText(String(message), MAX_TEXT),
    traceback: fitText(traceback(error), MAX_TEXT),
  };
}

/** The stack and its causes' stacks. */
function traceback(error: Error): string {
  const stack = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause instanceof Error ? `${stack}\nCaused by: ${traceback(error.cause)}` : stack;
}

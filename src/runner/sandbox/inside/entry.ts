import { AsyncLocalStorage } from "node:async_hooks";
import { getEventListeners } from "node:events";
import { JobCanceled, SoftTimeLimitExceeded } from "../../../sdk/define-job.ts";
import type { Outcome, SandboxTask } from "../sandbox.ts";
import { checkData } from "./check-data.ts";
import { describeJobs, loadJob, loadModule } from "./load-job.ts";
import { fitText } from "../redaction/fit-text.ts";
import { createFiles, type RunFiles } from "./files.ts";
import { guardServer } from "./guard-server.ts";
import { connect } from "./inside.ts";
import { loadErrorOf } from "./load-error.ts";
import { createLogger } from "./logger.ts";
import { createOperations, type RunOperations } from "./operations.ts";
import { divertOutput } from "./output.ts";
import { createPrinter, type Printer } from "./printer.ts";
import { createProgress } from "./progress.ts";
import type { Reply, Request, StopReason } from "../wire/protocol.ts";
import { encodeReply, encodeSaid } from "../wire/record-codec.ts";
import { createRedactor, type Redactor } from "../redaction/redaction.ts";
import { runJob } from "./run-job.ts";
import { failure } from "../wire/thrown.ts";
import { createUnderWay } from "./under-way.ts";

/*
 * The program of a sandbox's thread or process: it waits for a request, answers it, and waits again. A fresh thread runs one task; a shared one runs task
 * after task of one file.
 *
 * `npm run build` makes one file of this and all it imports, since every run starts a thread and a thread's start is paid in files: zod alone is a hundred.
 * The file is also the "jobgraph" that job code imports.
 */
export * from "../../../sdk/define-job.ts";

guardServer();
const outside = connect();
const { write } = outside;
const reply = (message: Reply) => write(encodeReply(message));

interface Run {
  settle(outcome: Outcome, fit: boolean): void;
  abort: AbortController;
  files: RunFiles;
  printer: Printer;
  redactor: Redactor;
  operations: RunOperations;
}

/** The run under way. Leftovers of an earlier run neither add output to it nor settle it. */
let current: Run | undefined;

/** Redactor of texts that are printed while no run is under way. */
let between = createRedactor();

/** Longest text that a check of inputs tells, in characters. */
const MAX_TOLD = 10_000;

/** The run of the current code: the console has no other way to know. */
const runs = new AsyncLocalStorage<Run>();

divertOutput((stream, text) => {
  const run = runs.getStore() ?? current;
  if (!run) return between.text(text, Infinity);
  const printed = run.printer.print(stream, text);
  if (run !== current) return printed.map((one) => one[1]).join("");
  for (const one of printed) write(encodeSaid(one));
  return "";
});

function startRun(number: number, task: SandboxTask): void {
  const say = (record: string) => {
    if (current === run) write(record);
  };
  const redactor = createRedactor(task.redaction);
  const run: Run = {
    abort: new AbortController(),
    redactor,
    printer: createPrinter(redactor),
    files: createFiles(say, redactor),
    operations: createOperations(say),
    settle(outcome, fit) {
      if (current !== run) return;
      for (const printed of run.printer.rest()) write(encodeSaid(printed));
      current = undefined;
      outside.ref();
      reply({ kind: "outcome", run: number, outcome, fit });
    },
  };
  current = run;
  const means = {
    logger: createLogger((line) => say(encodeSaid(line)), redactor),
    progress: createProgress(say, redactor),
    files: run.files,
    redactor,
    operations: run.operations,
    // Only awaited work of this run may keep the thread: see below.
    underWay: createUnderWay((isBusy) => void (current === run && (isBusy ? outside.ref() : outside.unref()))),
    signal: run.abort.signal,
  };
  // A job whose promise can never settle leaves nothing to wait for: the thread then ends, and the other side is told.
  outside.unref();
  void runs.run(run, () => runJob(task, means)).then((outcome) => run.settle(outcome, true));
}

for (const event of ["uncaughtException", "unhandledRejection"] as const) {
  process.on(event, (error: unknown) => {
    // Between runs, a leftover of an earlier run has failed: the thread is not fit for another.
    if (current) current.settle(failure(error, current.redactor, current.abort.signal), false);
    else process.exit(1);
  });
}

process.on("beforeExit", () => {
  // A job that listens to its signal does wait for something that can come: a stop, or its soft time limit.
  if (current && getEventListeners(current.abort.signal, "abort").length > 0) outside.ref();
});

/** A reason as the error that a job sees. */
function errorOf({ name, message }: StopReason): Error {
  const known = [JobCanceled, SoftTimeLimitExceeded].find(({ prototype }) => prototype.name === name);
  return known ? new known(message) : Object.assign(new Error(message), { name });
}

outside.listen(async (request: Request) => {
  switch (request.kind) {
    case "run":
      return startRun(request.run, request.task);
    case "abort":
      return current?.abort.abort(errorOf(request.reason));
    case "file":
      return current?.files.settle(request.file, request.result);
    case "answer":
      return current?.operations.settle(request.operation, request.answer);
    case "describe":
      try {
        return reply({ kind: "described", file: { jobs: describeJobs(await loadModule(request.file)) } });
      } catch (error) {
        return reply({ kind: "described", file: { error: loadErrorOf(request.file, error) } });
      }
    case "validate":
      between = createRedactor({ secrets: request.secrets, patterns: [] });
      try {
        const checked = await checkData(await loadJob(request.source), request.data);
        const details = "details" in checked ? checked.details : [];
        // An error may quote a secret input.
        const told = details.map(({ field, message }) => ({
          field: fitText(field, MAX_TOLD),
          message: between.text(message, MAX_TOLD),
        }));
        return reply({ kind: "validated", details: told });
      } catch (error) {
        return reply({ kind: "unloadable", error: between.text(String(error), MAX_TOLD) });
      }
  }
});

reply({ kind: "ready" });

import { parentPort, workerData } from "node:worker_threads";
import { checkData } from "./check-data.ts";
import { createLinePort } from "./line-port.ts";
import { describeJobs, loadJob, loadModule } from "./load-job.ts";
import type { Reply, Request, ThreadData } from "./protocol.ts";
import { failure, runJob } from "./run-job.ts";

/*
 * What runs inside a sandbox's thread: it waits for a request, answers it, and waits again; a run is the last thing it does.
 */
const port = parentPort!;
const { credits } = workerData as ThreadData;
const reply = (message: Reply) => port.postMessage(message);
const lines = createLinePort(port, credits);
const abort = new AbortController();

/** The outcome is the last message; the other side ends the thread, whatever the job left running. */
function settle(outcome: Reply & { kind: "outcome" }): void {
  lines.flush();
  reply(outcome);
}

function startRun(task: (Request & { kind: "run" })["task"]): void {
  const fail = (error: unknown) => settle({ kind: "outcome", outcome: failure(error) });
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);
  process.on("exit", () => lines.flush());
  // A job whose promise can never settle leaves nothing to wait for: the thread then ends, and the other side is told.
  port.unref();
  void runJob(task, lines.logger, abort.signal).then((outcome) => settle({ kind: "outcome", outcome }));
}

port.on("message", async (request: Request) => {
  switch (request.kind) {
    case "run":
      return startRun(request.task);
    case "abort":
      return abort.abort(new Error(request.reason));
    case "describe":
      try {
        return reply({ kind: "described", file: { jobs: describeJobs(await loadModule(request.file)) } });
      } catch (error) {
        return reply({ kind: "described", file: { error: failure(error).traceback } });
      }
    case "validate": {
      const checked = await checkData(await loadJob(request.source), request.data);
      return reply({ kind: "validated", details: "details" in checked ? checked.details : [] });
    }
  }
});

reply({ kind: "ready" });

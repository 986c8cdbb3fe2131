import { MessageChannel, Worker } from "node:worker_threads";
import { createPipe, createPipeReader } from "../wire/byte-pipe.ts";
import { BrokenMessage } from "../wire/broken-message.ts";
import { engineLimitMb, watchThread } from "./memory-watch.ts";
import type { Request, ThreadData } from "../wire/protocol.ts";
import { COMPILE_CACHE, ENTRY, exited, OutOfMemoryError, type StartVessel } from "./vessel.ts";

/** Room for new objects. The engine would take several times as much from a machine that has it; a job that floods the log is no faster for it. */
const YOUNG_GENERATION_MB = 12;

/** Starts a worker thread. */
export const startThread: StartVessel = (env, onOutput, onBroken, memoryLimitMb) => {
  const memory = createPipe();
  const pipe = createPipeReader(memory);
  const { port1: port, port2 } = new MessageChannel();
  const worker = new Worker(ENTRY, {
    workerData: { pipe: memory, port: port2 } satisfies ThreadData,
    transferList: [port2],
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
    stdout: true,
    stderr: true,
    execArgv: ["--disable-warning=ExperimentalWarning"],
    resourceLimits: {
      maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
      ...(memoryLimitMb > 0 && { maxOldGenerationSizeMb: engineLimitMb(memoryLimitMb) }),
    },
  });
  worker.stdout.setEncoding("utf8").on("data", (text: string) => onOutput("stdout", text));
  worker.stderr.setEncoding("utf8").on("data", (text: string) => onOutput("stderr", text));
  const wroteToPort = () => onBroken(new BrokenMessage("it wrote where it is only asked"));
  port.on("message", wroteToPort).on("messageerror", wroteToPort);
  const ended = new Promise<Error>((resolve) => {
    worker.once("error", (error: Error & { code?: unknown }) =>
      resolve(error.code === "ERR_WORKER_OUT_OF_MEMORY" ? new OutOfMemoryError(error.message) : error),
    );
    worker.once("exit", (code) => resolve(exited(code)));
  });
  void ended.finally(() => {
    port.close();
    pipe.end();
  });
  return {
    ended,
    pipe,
    post: (request: Request) => port.postMessage(request),
    watch: (limitMb, onOver) => watchThread(worker, limitMb, onOver),
    kill: async () => void (await worker.terminate()),
  };
};

import { once } from "node:events";
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import { createPipe, createPipeReader } from "./byte-pipe.ts";
import { engineLimitMb, watchThread } from "./memory-watch.ts";
import type { Reply, Request, ThreadData } from "./protocol.ts";
import { COMPILE_CACHE, ENTRY, exited, OutOfMemoryError, type StartVessel } from "./vessel.ts";

/** Starts a worker thread. */
export const startThread: StartVessel = (env, onOutput, memoryLimitMb) => {
  const memory = createPipe();
  const { port1: port, port2 } = new MessageChannel();
  const worker = new Worker(ENTRY, {
    workerData: { pipe: memory, port: port2 } satisfies ThreadData,
    transferList: [port2],
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
    stdout: true,
    stderr: true,
    execArgv: ["--disable-warning=ExperimentalWarning"],
    ...(memoryLimitMb > 0 && { resourceLimits: { maxOldGenerationSizeMb: engineLimitMb(memoryLimitMb) } }),
  });
  worker.stdout.setEncoding("utf8").on("data", (text: string) => onOutput("stdout", text));
  worker.stderr.setEncoding("utf8").on("data", (text: string) => onOutput("stderr", text));
  const ended = new Promise<Error>((resolve) => {
    worker.once("error", (error: Error & { code?: unknown }) =>
      resolve(error.code === "ERR_WORKER_OUT_OF_MEMORY" ? new OutOfMemoryError(error.message) : error),
    );
    worker.once("exit", (code) => resolve(exited(code)));
  });
  const throwEnd = ended.then((error) => {
    // A thread's end can overtake its last message.
    const last = receiveMessageOnPort(port)?.message as Reply | undefined;
    if (last) return last;
    throw error;
  });
  throwEnd.catch(() => undefined);
  return {
    ended,
    post: (request: Request) => port.postMessage(request),
    reply: (signal) => Promise.race([once(port, "message", { signal }).then(([message]) => message as Reply), throwEnd]),
    openPipe: () => createPipeReader(memory),
    watchMemory: (limitMb, onOver) => watchThread(worker, limitMb, onOver),
    kill: async () => void (await worker.terminate()),
    closePipe: () => undefined,
  };
};

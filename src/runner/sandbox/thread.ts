import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { Outcome, RunListener, SandboxTask } from "../sandbox.ts";
import { createPipe, createPipeReader, type PipeReader } from "./byte-pipe.ts";
import { createFileReceiver, type FileReceiver } from "./file-receiver.ts";
import { engineLimitMb, watchMemory } from "./memory-watch.ts";
import type { Reply, Request, StopReason, ThreadData } from "./protocol.ts";
import { decodeRecords } from "./record-codec.ts";

/** Made by `npm run build:code`; as far from `src/runner/sandbox` as from `dist/runner/sandbox`. */
const ENTRY = new URL("../../../dist/sandbox/entry.js", import.meta.url);

/** Compiled code of the entry and of job files, types already stripped, is kept between threads and between starts. */
const COMPILE_CACHE = fileURLToPath(new URL("../../../dist/compile-cache", import.meta.url));

/** How long the outcome of a run waits for its thread to end: one that is inside a native call, such as `execSync`, ends when that returns. */
const END_TIMEOUT_MS = 500;

/** Takes what was written to a stream outside of any run, as it comes. */
export type OnOutput = (stream: "stdout" | "stderr", text: string) => void;

/** How a run is stopped from outside: told by `signal`, ended `graceMs` later, or as soon as `end` aborts. */
export interface Stop {
  signal: AbortSignal;
  graceMs: number;
  end: AbortSignal | undefined;
}

/** One thread of job code, from this side. It does one thing at a time. */
export interface Thread {
  /** False once it ended, by itself or not, and once a run left it in a state that another should not meet. */
  readonly fit: boolean;
  /** Asks for one reply. @throws Error when the thread ended, or took longer than `timeoutMs`; it is of no use then. */
  ask<K extends Reply["kind"]>(request: Request, answer: K, timeoutMs: number): Promise<Reply & { kind: K }>;
  /**
   * Runs a task to its end, and until the last it said is taken. A job that is aborted and does not end within the grace, or that reaches its
   * hard time limit or its limit of memory, takes the thread with it.
   */
  run(task: SandboxTask, on: RunListener, stop: Stop): Promise<Outcome>;
  /** Resolves once the thread is gone, whatever it was doing. */
  end(): Promise<void>;
}

/** Starts a thread that sees only the given environment, and whose runs may take only so many MiB of memory; 0 for as many as they like. */
export function startThread(env: Readonly<Record<string, string>>, onOutput: OnOutput, memoryLimitMb: number): Thread {
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
  let fit = true;
  const ended = new Promise<Error>((resolve) => {
    worker.once("error", resolve);
    worker.once("exit", (code) => {
      fit = false;
      resolve(new EndedError(code));
    });
  });
  const throwEnd = ended.then((error) => {
    throw error;
  });
  const ready = Promise.race([once(port, "message"), throwEnd]);
  // Whoever waits sees the rejection; a spare that nobody waits for must not take the process down.
  for (const promise of [throwEnd, ready]) promise.catch(() => undefined);

  return {
    get fit() {
      return fit;
    },
    async ask(request, answer, timeoutMs) {
      await ready;
      const timeout = AbortSignal.timeout(timeoutMs);
      port.postMessage(request);
      const reply = await Promise.race([
        throwEnd,
        once(port, "message", { signal: timeout }).catch(() => {
          throw new Error(`it took longer than ${timeoutMs / 1000} s`);
        }),
      ]);
      const message = (reply as [Reply])[0];
      if (message.kind === "unloadable") throw new LoadError(message.error);
      if (message.kind !== answer) throw new Error(`asked for ${answer}, got ${message.kind}`);
      return message as Reply & { kind: typeof answer };
    },
    async run(task, on, { signal, graceMs, end }) {
      await ready;
      const timers: NodeJS.Timeout[] = [];
      const after = (ms: number, act: () => void) => void timers.push(setTimeout(act, ms));
      let forced: Outcome | undefined;
      const left = Promise.withResolvers<OutcomeReply>();
      const force = (outcome: Outcome) => {
        forced ??= outcome;
        fit = false;
        void worker.terminate();
        setTimeout(() => left.resolve({ outcome, fit: false }), END_TIMEOUT_MS).unref();
      };
      const pipe = createPipeReader(memory);
      const files = createFileReceiver(on.file, (file, result) =>
        port.postMessage({ kind: "file", file, result } satisfies Request),
      );
      const taken = pump(pipe, on, files).catch((error: Error) => force(failure("LogStorageError", error.message)));
      const overMemory = () => force(failure("MemoryLimitExceeded", memoryMessage(memoryLimitMb)));
      const unwatch = memoryLimitMb > 0 ? watchMemory(worker, memoryLimitMb, overMemory) : () => undefined;

      // A run is told to stop through its port and ended by force, whatever the reason; all timers of that are cleared when it is over.
      const tell = ({ name, message }: StopReason) =>
        port.postMessage({ kind: "abort", reason: { name, message } } satisfies Request);
      const endAfter = (ms: number, { name, message }: StopReason) => after(ms, () => force(failure(name, message)));
      const onAbort = () => {
        tell(signal.reason as Error);
        endAfter(graceMs, signal.reason as Error);
      };
      const { softMs, hardMs } = task.limits;

      const reply = once(port, "message").then(([message]) => message as OutcomeReply);
      port.postMessage({ kind: "run", task } satisfies Request);
      if (softMs < hardMs) after(softMs, () => tell(softLimit(softMs)));
      endAfter(hardMs, hardLimit(hardMs));
      if (signal.aborted) onAbort();
      else signal.addEventListener("abort", onAbort, { once: true });
      const onEnd = () => force(failure((end!.reason as Error).name, (end!.reason as Error).message));
      if (end?.aborted) onEnd();
      else end?.addEventListener("abort", onEnd, { once: true });

      const { outcome, fit: isFit } = await Promise.race([reply, throwEnd, left.promise]).catch(
        // A thread's end can overtake its last message.
        (error: Error) =>
          (receiveMessageOnPort(port)?.message as OutcomeReply | undefined) ?? {
            outcome: endOf(error, memoryLimitMb),
            fit: false,
          },
      );
      fit &&= isFit;
      for (const timer of timers) clearTimeout(timer);
      unwatch();
      signal.removeEventListener("abort", onAbort);
      end?.removeEventListener("abort", onEnd);
      pipe.end();
      await taken;
      await files.close();
      return forced ?? outcome;
    },
    end: async () => void (await worker.terminate()),
  };
}

type OutcomeReply = Pick<Reply & { kind: "outcome" }, "fit" | "outcome">;

/** Records that are taken in one go. On SQLite storing lines blocks this thread, so it must stay short. */
const MAX_BATCH = 1000;

/** Hands what the pipe says on until the pipe has ended and is empty; its bytes are given back only once they are taken. */
async function pump(pipe: PipeReader, on: RunListener, files: FileReceiver): Promise<void> {
  let whole: Buffer[] = [];
  for (;;) {
    // A record that is longer than the pipe comes in pieces, which must be given back before its rest can come.
    const piece = pipe.peek();
    const bytes = whole.length === 0 ? piece : Buffer.concat([...whole, piece]);
    const decoded = decodeRecords(bytes, MAX_BATCH);
    if (decoded) {
      const { lines, printed, progress, fileParts } = decoded.records;
      if (progress) on.progress(progress);
      await Promise.all([
        lines.length > 0 && on.lines(lines).catch(storageError("A log line")),
        printed.length > 0 && on.printed(printed).catch(storageError("What the job printed")),
        fileParts.length > 0 && files.receive(fileParts),
      ]);
      pipe.release(decoded.length - (bytes.length - piece.length));
      whole = [];
    } else if (piece.length === pipe.capacity) {
      whole.push(piece);
      pipe.release(piece.length);
    } else if (pipe.ended) return;
    else await pipe.more();
  }
}

const storageError = (what: string) => (error: Error) => {
  throw new Error(`${what} could not be stored: ${error.message}`, { cause: error });
};

/** The thread is well; it is the job's code that cannot be had. */
export class LoadError extends Error {
  override readonly name = "LoadError";
}

class EndedError extends Error {
  override readonly name = "EndedError";
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`it ended its own process with process.exit(${exitCode})`);
    this.exitCode = exitCode;
  }
}

const softLimit = (ms: number): StopReason => ({
  name: "SoftTimeLimitExceeded",
  message: `The job was told to stop: it ran longer than its soft time limit of ${ms / 1000} s.`,
});

const hardLimit = (ms: number): StopReason => ({
  name: "TimeLimitExceeded",
  message: `The job was ended: it ran longer than its time limit of ${ms / 1000} s.`,
});

const memoryMessage = (limitMb: number) =>
  limitMb > 0
    ? `The job was ended: it took more memory than its limit of ${limitMb} MiB.`
    : "The job was ended: it took more memory than a thread can have.";

const failure = (excType: string, excMessage: string): Outcome => ({
  kind: "failure",
  excType,
  excMessage,
  traceback: `${excType}: ${excMessage}`,
});

/** What a thread's end means for a run that had not told its outcome. */
function endOf(error: Error, memoryLimitMb: number): Outcome {
  if ((error as { code?: unknown }).code === "ERR_WORKER_OUT_OF_MEMORY")
    return failure("MemoryLimitExceeded", memoryMessage(memoryLimitMb));
  if (!(error instanceof EndedError))
    return { kind: "failure", excType: error.name, excMessage: error.message, traceback: error.stack ?? String(error) };
  if (error.exitCode === 0) {
    return failure(
      "JobEnded",
      "The job ended without returning: it called process.exit(0), or it waits for a promise that nothing can settle.",
    );
  }
  return failure("JobEnded", `The job called process.exit(${error.exitCode}).`);
}

import type { Outcome, RunListener, SandboxTask } from "../sandbox.ts";
import type { PipeReader } from "./byte-pipe.ts";
import { createFileReceiver, type FileReceiver } from "./file-receiver.ts";
import { createOperationReceiver, type OperationReceiver } from "./operation-receiver.ts";
import type { Reply, Request, StopReason } from "./protocol.ts";
import { decodeRecords } from "./record-codec.ts";
import { createRedactor, type Redactor } from "./redaction.ts";
import { EndedError, type OnOutput, OutOfMemoryError, type Vessel } from "./vessel.ts";

/** How long the outcome of a run waits for its thread to end, and for its last operations: a native call, such as `execSync`, may go on for longer. */
const END_TIMEOUT_MS = 500;

/** How a run is stopped from outside: told by `signal`, ended `graceMs` later, or as soon as `end` aborts. */
export interface Stop {
  signal: AbortSignal;
  graceMs: number;
  end: AbortSignal | undefined;
}

/** One thread or process of job code, from this side. It does one thing at a time. */
export interface Cell {
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

/**
 * Starts a vessel, and makes a cell of it.
 * @param onOutput takes what is written outside of any run, and past its console.
 */
export function createCell(start: (onOutput: OnOutput) => Vessel, memoryLimitMb: number, onOutput: OnOutput): Cell {
  let redactor = createRedactor();
  const vessel = start((stream, text) => onOutput(stream, redactor.text(text, Infinity)));
  let fit = true;
  let taken: Promise<void> | undefined;
  void vessel.ended.then(() => (fit = false));
  const ready = vessel.reply();
  // Whoever waits sees the rejection; a spare that nobody waits for must not take the process down.
  ready.catch(() => undefined);

  return {
    get fit() {
      return fit;
    },
    async ask(request, answer, timeoutMs) {
      await ready;
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(new Error(`it took longer than ${timeoutMs / 1000} s`)), timeoutMs);
      vessel.post(request);
      const message = await vessel.reply(late.signal).finally(() => clearTimeout(timer));
      if (message.kind === "unloadable") throw new LoadError(message.error);
      if (message.kind !== answer) throw new Error(`asked for ${answer}, got ${message.kind}`);
      return message as Reply & { kind: typeof answer };
    },
    async run(task, on, { signal, graceMs, end }) {
      await ready;
      redactor = createRedactor(task.redaction);
      const timers: NodeJS.Timeout[] = [];
      const after = (ms: number, act: () => void) => void timers.push(setTimeout(act, ms));
      let forced: Outcome | undefined;
      const left = Promise.withResolvers<OutcomeReply>();
      const force = (outcome: Outcome) => {
        forced ??= outcome;
        fit = false;
        operations.stop();
        void vessel.kill();
        setTimeout(() => left.resolve({ outcome, fit: false }), END_TIMEOUT_MS).unref();
      };
      const pipe = vessel.openPipe();
      const files = createFileReceiver(on.file, (file, result) => vessel.post({ kind: "file", file, result }));
      const storageFailed = (error: Error) => force(failure("LogStorageError", error.message));
      const operations = createOperationReceiver(on.graphql, (operation, answer) =>
        vessel.post({ kind: "answer", operation, answer }),
      );
      taken = pump(pipe, on, files, operations).catch(storageFailed);
      const overMemory = () => force(failure("MemoryLimitExceeded", memoryMessage(memoryLimitMb)));
      const unwatch = memoryLimitMb > 0 ? vessel.watchMemory(memoryLimitMb, overMemory) : () => undefined;

      // A run is told to stop through its port and ended by force, whatever the reason; all timers of that are cleared when it is over.
      const tell = ({ name, message }: StopReason) => vessel.post({ kind: "abort", reason: { name, message } });
      const endAfter = (ms: number, { name, message }: StopReason) => after(ms, () => force(failure(name, message)));
      const onAbort = () => {
        tell(signal.reason as Error);
        endAfter(graceMs, signal.reason as Error);
      };
      const { softMs, hardMs } = task.limits;

      vessel.post({ kind: "run", task });
      const reply = vessel.reply() as Promise<OutcomeReply>;
      let warned: Promise<void> | undefined;
      const tellSoftLimit = () => {
        const reason = softLimit(softMs);
        tell(reason);
        // A job that hears nothing is ended later: until then its log says why.
        const line = {
          level: "WARNING",
          grouping: "main",
          message: reason.message,
          created: Date.now(),
          object: "",
          url: "",
        } as const;
        warned = on.lines([line]).catch(storageFailed);
      };
      if (softMs < hardMs) after(softMs, tellSoftLimit);
      endAfter(hardMs, hardLimit(hardMs));
      if (signal.aborted) onAbort();
      else signal.addEventListener("abort", onAbort, { once: true });
      const onEnd = () => force(failure((end!.reason as Error).name, (end!.reason as Error).message));
      if (end?.aborted) onEnd();
      else end?.addEventListener("abort", onEnd, { once: true });

      const { outcome, fit: isFit } = await Promise.race([reply, left.promise]).catch((error: Error) => ({
        outcome: endOf(error, memoryLimitMb, redactor),
        fit: false,
      }));
      fit &&= isFit;
      for (const timer of timers) clearTimeout(timer);
      unwatch();
      signal.removeEventListener("abort", onAbort);
      end?.removeEventListener("abort", onEnd);
      pipe.end();
      await taken;
      await warned;
      await files.close();
      await operations.close(END_TIMEOUT_MS);
      return forced ?? outcome;
    },
    async end() {
      await vessel.kill();
      // What was said before is still taken.
      await taken;
      vessel.closePipe();
    },
  };
}

type OutcomeReply = Pick<Reply & { kind: "outcome" }, "fit" | "outcome">;

/** Records that are taken in one go. On SQLite storing lines blocks this thread, so it must stay short. */
const MAX_BATCH = 1000;

/** Hands what the pipe says on until the pipe has ended and is empty; its bytes are given back only once they are taken. */
async function pump(pipe: PipeReader, on: RunListener, files: FileReceiver, operations: OperationReceiver): Promise<void> {
  let whole: Buffer[] = [];
  for (;;) {
    // A record that is longer than the pipe comes in pieces, which must be given back before its rest can come.
    const piece = pipe.peek();
    const bytes = whole.length === 0 ? piece : Buffer.concat([...whole, piece]);
    const decoded = decodeRecords(bytes, MAX_BATCH);
    if (decoded) {
      const { lines, printed, progress, fileParts } = decoded.records;
      operations.receive(decoded.records.operations);
      if (progress) on.progress(progress);
      await Promise.all([
        lines.length > 0 && on.lines(lines).catch(storageError("A log line")),
        printed.length > 0 && on.printed(printed).catch(storageError("What the job printed")),
        fileParts.length > 0 && files.receive(fileParts),
      ]);
      pipe.release(decoded.length - (bytes.length - piece.length));
      whole = [];
    } else if (piece.length >= pipe.capacity) {
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

/** Longest text of a failure, in characters. */
const MAX_TEXT = 100_000;

/** What a vessel's end means for a run that had not told its outcome. */
function endOf(error: Error, memoryLimitMb: number, redactor: Redactor): Outcome {
  if (error instanceof OutOfMemoryError) return failure(error.name, memoryMessage(memoryLimitMb));
  if (error instanceof EndedError) return failure(error.name, error.message);
  return {
    kind: "failure",
    excType: redactor.text(error.name, MAX_TEXT),
    excMessage: redactor.text(error.message, MAX_TEXT),
    traceback: redactor.text(error.stack ?? String(error), MAX_TEXT),
  };
}

import { failed } from "../failure.ts";
import { ownLine } from "../own-line.ts";
import type { Outcome, RunListener, SandboxTask } from "../sandbox.ts";
import { BrokenMessage } from "../wire/broken-message.ts";
import type { Records } from "./decode-records.ts";
import { createFileReceiver } from "./file-receiver.ts";
import { createCount } from "./line-count.ts";
import { createInbox } from "./inbox.ts";
import { createOperationReceiver } from "./operation-receiver.ts";
import { endOf, explain, hardLimit, LogStorageError, overMemory, softLimit, tooMuch } from "./outcomes.ts";
import type { Reply, Request, StopReason } from "../wire/protocol.ts";
import { pump } from "./pump.ts";
import { createRedactor } from "../redaction/redaction.ts";
import { EndedError, type OnOutput, OutOfMemoryError, type Vessel } from "./vessel.ts";

/** Milliseconds that the outcome of a run waits for its thread to end, and for its last operations: a native call, such as `execSync`, may go on for longer. */
const END_TIMEOUT_MS = 500;

/** Longest wait for a thread or process to start, on the busiest machine. */
const START_TIMEOUT_MS = 60_000;

/** Longest output of a vessel past its runs' consoles that is taken, in characters. */
const MAX_OUTPUT = 1_000_000;

/** Ways to stop a run from outside: `signal` tells the job, force ends it `graceMs` later, or as soon as `end` aborts. */
export interface Stop {
  signal: AbortSignal;
  graceMs: number;
  end: AbortSignal | undefined;
}

/** A thread or process of job code, from the host's side. It does one thing at a time. */
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
  /** Ends the thread or process in any state. Resolves once it is gone. */
  end(): Promise<void>;
}

/** The most that one run in a cell may take and say. */
export interface CellLimits {
  /** MiB; 0 for as many as it likes. */
  memoryLimitMb: number;
  /** Lines, and texts that it prints. */
  maxLines: number;
}

/** Starts a vessel for a cell; see `StartVessel`. */
export type StartCell = (onOutput: OnOutput, onBroken: (error: Error) => void) => Vessel;

/**
 * Starts a vessel, and makes a cell of it.
 * @param onOutput takes output from outside of any run, and past its console.
 */
export function createCell(start: StartCell, limits: CellLimits, onOutput: OnOutput): Cell {
  const { memoryLimitMb } = limits;
  let redactor = createRedactor();
  let fit = true;
  let runs = 0;
  let takeRecords: ((records: Records) => Promise<void>) | undefined;
  const inbox = createInbox<Reply>();
  let output = 0;
  const vessel = start((stream, text) => {
    if (output > MAX_OUTPUT) return;
    output += text.length;
    onOutput(stream, redactor.text(text, Infinity));
    if (output > MAX_OUTPUT) onOutput(stream, "Further output of this place is dropped.");
  }, breakOff);
  const taken = pump(vessel.pipe, {
    records(records) {
      if (!takeRecords) throw new BrokenMessage("it spoke outside of any run");
      return takeRecords(records);
    },
    reply(reply) {
      if (reply.kind === "outcome" && reply.run !== runs) throw new BrokenMessage("it told the outcome of another run");
      takeRecords = undefined;
      if (!inbox.put(reply)) throw new BrokenMessage("it gave an answer that nobody asked for");
    },
  });
  // Every way leads to an end of the inbox, and with it to an outcome.
  void vessel.ended.then(() => (fit = false));
  const over = taken.then(endInbox, breakOff);

  /** Nothing is taken any more. A vessel that lives on without its pipe is of no use. */
  async function endInbox(): Promise<void> {
    fit = false;
    const late = setTimeout(() => breakOff(new BrokenMessage("it closed the way to the server")), END_TIMEOUT_MS);
    inbox.end(await vessel.ended);
    clearTimeout(late);
  }

  function breakOff(error: Error): void {
    fit = false;
    inbox.end(error);
    void vessel.kill();
    vessel.pipe.end();
  }

  const starting = setTimeout(
    () => breakOff(new Error(`No place to run the job was ready within ${START_TIMEOUT_MS / 1000} s.`)),
    START_TIMEOUT_MS,
  );
  starting.unref();
  const ready = expect(inbox.next(), "ready").finally(() => clearTimeout(starting));
  // A waiting caller sees the rejection. A spare without one must not take the process down.
  ready.catch(() => undefined);

  /** A reply of another kind than was asked for is as good as none. */
  async function expect<K extends Reply["kind"]>(reply: Promise<Reply>, kind: K): Promise<Reply & { kind: K }> {
    const given = await reply;
    if (given.kind === kind) return given as Reply & { kind: K };
    const error =
      given.kind === "unloadable" ? new LoadError(given.error) : new BrokenMessage("it gave another answer than was asked for");
    if (!(error instanceof LoadError)) breakOff(error);
    throw error;
  }

  return {
    get fit() {
      return fit;
    },
    async ask(request, answer, timeoutMs) {
      await ready;
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(new Error(`it took longer than ${timeoutMs / 1000} s`)), timeoutMs);
      const unwatch = vessel.watch(memoryLimitMb, (what) => breakOff(new Error(tooMuch(what, memoryLimitMb).excMessage)));
      vessel.post(request);
      try {
        return await expect(inbox.next(late.signal), answer);
      } catch (error) {
        if (error instanceof OutOfMemoryError) throw new Error(overMemory(memoryLimitMb).excMessage, { cause: error });
        throw error;
      } finally {
        clearTimeout(timer);
        unwatch();
      }
    },
    async run(task, on, { signal, graceMs, end }) {
      await ready;
      redactor = createRedactor(task.redaction);
      const timers: NodeJS.Timeout[] = [];
      const after = (ms: number, act: () => void) => void timers.push(setTimeout(act, ms));
      let forced: Outcome | undefined;
      const force = (outcome: Outcome) => {
        forced ??= outcome;
        fit = false;
        operations.stop();
        void vessel.kill();
        setTimeout(() => {
          vessel.pipe.end();
          void taken.catch(() => undefined).finally(() => inbox.end(new EndedError("The job was ended.")));
        }, END_TIMEOUT_MS).unref();
      };
      const files = createFileReceiver(on.file, (file, result) => vessel.post({ kind: "file", file, result }));
      const operations = createOperationReceiver(on.graphql, (operation, answer) =>
        vessel.post({ kind: "answer", operation, answer }),
      );
      const count = createCount(limits.maxLines);
      takeRecords = async (records) => {
        const tooMany = count(records);
        const { lines, printed, progress, fileParts, operations: sent } = records;
        operations.receive(sent);
        if (progress) on.progress(progress);
        await Promise.all([
          lines.length > 0 && on.lines(lines).catch(storageError("A log line")),
          printed.length > 0 && on.printed(printed).catch(storageError("What the job printed")),
          fileParts.length > 0 && files.receive(fileParts),
        ]);
        if (tooMany) throw tooMany;
      };
      const unwatch = vessel.watch(memoryLimitMb, (what) => force(tooMuch(what, memoryLimitMb)));

      // For any reason, a run is told to stop through its port, and then ended by force. All timers of that are cleared when it is over.
      const tell = ({ name, message }: StopReason) => vessel.post({ kind: "abort", reason: { name, message } });
      const endAfter = (ms: number, { name, message }: StopReason) => after(ms, () => force(failed(name, message)));
      const onAbort = () => {
        tell(signal.reason as Error);
        endAfter(graceMs, signal.reason as Error);
      };
      const { softMs, hardMs } = task.limits;

      runs += 1;
      vessel.post({ kind: "run", run: runs, task });
      const reply = expect(inbox.next(), "outcome");
      let warned: Promise<void> | undefined;
      const tellSoftLimit = () => {
        const reason = softLimit(softMs);
        tell(reason);
        // A job that hears nothing is ended later: until then its log says why.
        const line = ownLine("WARNING", reason.message, Date.now());
        warned = on.lines([line]).catch(storageError("A log line")).catch(breakOff);
      };
      if (softMs < hardMs) after(softMs, tellSoftLimit);
      endAfter(hardMs, hardLimit(hardMs));
      if (signal.aborted) onAbort();
      else signal.addEventListener("abort", onAbort, { once: true });
      const onEnd = () => force(failed((end!.reason as Error).name, (end!.reason as Error).message));
      if (end?.aborted) onEnd();
      else end?.addEventListener("abort", onEnd, { once: true });

      const told = await reply.catch((error: Error) => ({ outcome: endOf(error, memoryLimitMb, redactor), fit: false }));
      fit &&= told.fit;
      for (const timer of timers) clearTimeout(timer);
      unwatch();
      signal.removeEventListener("abort", onAbort);
      end?.removeEventListener("abort", onEnd);
      await warned;
      await files.close();
      await operations.close(END_TIMEOUT_MS);
      return forced ?? explain(told.outcome, memoryLimitMb);
    },
    async end() {
      await vessel.kill();
      // Output from before the end still counts.
      await over;
    },
  };
}

const storageError = (what: string) => (error: Error) => {
  throw new LogStorageError(`${what} could not be stored: ${error.message}`, { cause: error });
};

/** The thread is well; it is the job's code that cannot be had. */
export class LoadError extends Error {
  override readonly name = "LoadError";
}

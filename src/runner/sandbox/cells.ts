import type { FileDescription, Outcome, Sandbox, SandboxTask } from "../sandbox.ts";
import { type Cell, createCell, LoadError } from "./cell.ts";
import { startProcess } from "./process-vessel.ts";
import { startThread } from "./thread-vessel.ts";
import type { OnOutput, StartVessel } from "./vessel.ts";

/** How {@link openThreads} and {@link openProcesses} is set up. */
export interface SandboxOptions {
  /** The environment that job code sees. */
  env: Readonly<Record<string, string>>;
  /** Started threads that are kept waiting for the next runs. */
  spares: number;
  /** Idle shared threads that are kept for the next run of their file. */
  shared: number;
  /** How long an aborted job may take to end by itself. */
  graceMs: number;
  /** MiB of memory that a run of a job without a limit of its own may take; 0 for as many as it likes. */
  memoryLimitMb: number;
  onOutput: OnOutput;
}

/** A thread that waits for the next run of its file, and of jobs with its limit of memory. */
interface IdleThread {
  file: string;
  limitMb: number;
  thread: Cell;
}

/** The thread that describes and checks is given up after this long without work: it holds some 20 MB. */
const READER_IDLE_MS = 10_000;

/** A file may take this long to load, and a check of inputs to answer. */
const LOAD_TIMEOUT_MS = 10_000;

/**
 * A sandbox of threads or processes: a fresh one for every run, taken from a small stock of spares that already started (a start costs some
 * 30 ms of processor time); for jobs that allow it, threads that stay for the next run of the same file; and one for
 * describing files and checking inputs.
 */
function openCells(startVessel: StartVessel, { env, spares, shared, graceMs, memoryLimitMb, onOutput }: SandboxOptions): Sandbox {
  const start = (limitMb = memoryLimitMb) =>
    createCell((take, onBroken) => startVessel(env, take, onBroken, limitMb), limitMb, onOutput);
  const stock: Cell[] = Array.from({ length: spares }, () => start());
  const idle: IdleThread[] = [];
  const running = new Set<Cell>();
  const ending = new Set<Promise<void>>();
  let reader: Cell | undefined;
  let readerIdle: NodeJS.Timeout | undefined;
  let readerQueue: Promise<unknown> = Promise.resolve();
  let closed = false;

  /** One request at a time; a reader that did not answer is replaced before the next. */
  function askReader<T>(ask: (thread: Cell) => Promise<T>): Promise<T> {
    const answer = readerQueue.then(async () => {
      clearTimeout(readerIdle);
      reader ??= takeFresh();
      try {
        return await ask(reader);
      } catch (error) {
        if (!(error instanceof LoadError)) endReader();
        throw error;
      } finally {
        if (reader) readerIdle = setTimeout(endReader, READER_IDLE_MS);
      }
    });
    readerQueue = answer.catch(() => undefined);
    return answer;
  }

  function endReader(): void {
    clearTimeout(readerIdle);
    if (reader) endThread(reader);
    reader = undefined;
  }

  function endThread(thread: Cell): void {
    const gone = thread.end().finally(() => ending.delete(gone));
    ending.add(gone);
  }

  /** Spares were started before their job was known: one with a limit of its own cannot have them. */
  function takeFresh(limitMb = memoryLimitMb): Cell {
    if (limitMb !== memoryLimitMb) return start(limitMb);
    const thread = stock.shift() ?? start();
    if (!closed) stock.push(...Array.from({ length: spares - stock.length }, () => start()));
    return thread;
  }

  function takeShared(file: string, limitMb = memoryLimitMb): Cell {
    const at = idle.findIndex((item) => item.file === file && item.limitMb === limitMb && item.thread.fit);
    return at === -1 ? takeFresh(limitMb) : idle.splice(at, 1)[0]!.thread;
  }

  function keep({ file, memoryLimitMb: limitMb = memoryLimitMb }: SandboxTask, thread: Cell): void {
    idle.push({ file, limitMb, thread });
    if (idle.length > shared) endThread(idle.shift()!.thread);
  }

  return {
    async run(task, on, signal, end) {
      const isShared = task.isolation === "shared";
      let thread: Cell;
      try {
        thread = isShared ? takeShared(task.file, task.memoryLimitMb) : takeFresh(task.memoryLimitMb);
      } catch (error) {
        return outcomeOf(error as Error);
      }
      running.add(thread);
      const outcome = await thread.run(task, on, { signal, graceMs, end }).catch(outcomeOf);
      running.delete(thread);
      // What a module still knows of secrets is nothing for the next run.
      const mayStay = isShared && thread.fit && (task.redaction?.secrets ?? []).length === 0;
      if (mayStay && !closed) keep(task, thread);
      else endThread(thread);
      return outcome;
    },
    async describe(files) {
      // A thread loads a module once; only a new one sees what has changed.
      for (const { thread } of idle.splice(0)) endThread(thread);
      endReader();
      const described: FileDescription[] = [];
      for (const file of files) {
        described.push(
          await askReader((thread) => thread.ask({ kind: "describe", file }, "described", LOAD_TIMEOUT_MS)).then(
            (reply) => reply.file,
            (error: Error) => ({ error: error.message }),
          ),
        );
      }
      return described;
    },
    async validate(source, data, secrets = []) {
      const request = { kind: "validate", source, data, secrets } as const;
      return (await askReader((thread) => thread.ask(request, "validated", LOAD_TIMEOUT_MS))).details;
    },
    async close() {
      closed = true;
      endReader();
      for (const thread of [...stock.splice(0), ...idle.splice(0).map((item) => item.thread), ...running]) endThread(thread);
      await Promise.all(ending);
    },
  };
}

function outcomeOf(error: Error): Outcome {
  return { kind: "failure", excType: error.name, excMessage: error.message, traceback: error.stack ?? error.message };
}

/** A sandbox of worker threads. */
export const openThreads = (options: SandboxOptions): Sandbox => openCells(startThread, options);

/** A sandbox of child processes: what native code does, or takes of memory, ends with the run too. */
export const openProcesses = (options: SandboxOptions): Sandbox => openCells(startProcess, options);

/** Threads, with processes for the jobs that ask for them; or processes for all. */
export function openSandbox(kind: "process" | "thread", options: SandboxOptions): Sandbox {
  if (kind === "process") return openProcesses(options);
  const threads = openThreads(options);
  const processes = openProcesses({ ...options, spares: 0, shared: 0 });
  return {
    ...threads,
    run: (task, ...how) => (task.isolation === "process" ? processes : threads).run(task, ...how),
    close: async () => void (await Promise.all([threads.close(), processes.close()])),
  };
}

import { failureOf } from "../failure.ts";
import type { FileDescription, Sandbox, SandboxTask } from "../sandbox.ts";
import type { SystemUser } from "../../../jobs-user.ts";
import { type Cell, createCell } from "./cell.ts";
import { processesOf } from "./process-vessel.ts";
import { createReaders } from "./readers.ts";
import { startThread } from "./thread-vessel.ts";
import type { OnOutput, StartVessel } from "./vessel.ts";

/** Options of {@link openThreads} and {@link openProcesses}. */
export interface SandboxOptions {
  /** The environment that job code sees. */
  env: Readonly<Record<string, string>>;
  /** Started cells that are kept waiting for the next runs. */
  spares: number;
  /** Idle shared cells that are kept for the next run of their file. */
  shared: number;
  /** Milliseconds that an aborted job has to end by itself. */
  graceMs: number;
  /** MiB of memory that a run of a job without its own limit may take; 0 for as many as it likes. */
  memoryLimitMb: number;
  /** Lines, and texts that it prints, that one attempt of a run may say. */
  maxLines: number;
  /** The user that processes run as; the server's own when absent. Threads have no other. */
  user?: SystemUser | undefined;
  onOutput: OnOutput;
}

/** A cell that waits for the next run of its file, and of jobs with its limit of memory. */
interface IdleCell {
  file: string;
  limitMb: number;
  cell: Cell;
}

/** A file may take this long to load, and a check of inputs to answer. */
const LOAD_TIMEOUT_MS = 10_000;

/** A spare is started so long after the last was taken: the run that took it begins first. */
const REFILL_MS = 50;

/**
 * A sandbox of threads or processes: a fresh one for every run, taken from a small stock of spares that already started (a start costs some
 * 60 ms of processor time, a thread 40); for jobs that allow it, cells that stay for the next run of the same file; and some for
 * describing files and checking inputs.
 */
function openCells(
  startVessel: StartVessel,
  { env, spares, shared, graceMs, memoryLimitMb, maxLines, onOutput }: SandboxOptions,
): Sandbox {
  const start = (limitMb = memoryLimitMb) =>
    createCell((take, onBroken) => startVessel(env, take, onBroken, limitMb), { memoryLimitMb: limitMb, maxLines }, onOutput);
  const stock: Cell[] = [];
  const idle: IdleCell[] = [];
  const running = new Set<Cell>();
  const ending = new Set<Promise<void>>();
  const readers = createReaders(() => takeFresh(), endCell);
  let refill: NodeJS.Timeout | undefined;
  let closed = false;
  fill();

  function endCell(cell: Cell): void {
    const gone = cell.end().finally(() => ending.delete(gone));
    ending.add(gone);
  }

  function fill(): void {
    refill = undefined;
    try {
      while (stock.length < spares) stock.push(start());
    } catch {
      // The system has no room for a spare now; a run that needs one says so.
    }
  }

  /** Spares were started before their job was known: one with its own limit cannot have them. */
  function takeFresh(limitMb = memoryLimitMb): Cell {
    if (limitMb !== memoryLimitMb) return start(limitMb);
    if (!closed && spares > 0) refill ??= setTimeout(fill, REFILL_MS);
    for (let spare = stock.shift(); spare; spare = stock.shift()) {
      if (spare.fit) return spare;
      endCell(spare);
    }
    return start();
  }

  function takeShared(file: string, limitMb = memoryLimitMb): Cell {
    const at = idle.findIndex((item) => item.file === file && item.limitMb === limitMb && item.cell.fit);
    return at === -1 ? takeFresh(limitMb) : idle.splice(at, 1)[0]!.cell;
  }

  function keep({ file, memoryLimitMb: limitMb = memoryLimitMb }: SandboxTask, cell: Cell): void {
    idle.push({ file, limitMb, cell });
    if (idle.length > shared) endCell(idle.shift()!.cell);
  }

  async function describeOne(cell: Cell, file: string): Promise<FileDescription> {
    const { file: description } = await cell.ask({ kind: "describe", file }, "described", LOAD_TIMEOUT_MS);
    return description;
  }

  return {
    async run(task, on, signal, end) {
      const isShared = task.isolation === "shared";
      let cell: Cell;
      try {
        cell = isShared ? takeShared(task.file, task.memoryLimitMb) : takeFresh(task.memoryLimitMb);
      } catch (error) {
        return failureOf(error as Error);
      }
      running.add(cell);
      const outcome = await cell.run(task, on, { signal, graceMs, end }).catch(failureOf);
      running.delete(cell);
      // A module may remember secrets, and the next run must not meet them.
      const mayStay = isShared && cell.fit && (task.redaction?.secrets ?? []).length === 0;
      if (mayStay && !closed) keep(task, cell);
      else endCell(cell);
      return outcome;
    },
    async describe(files) {
      // A cell loads a module once; only a new one sees a changed file.
      for (const { cell } of idle.splice(0)) endCell(cell);
      readers.renew();
      const described: FileDescription[] = [];
      let cell: Cell | undefined;
      const leave = () => {
        if (cell) giveBack(cell);
        cell = undefined;
      };
      const failed = (error: Error): FileDescription => {
        leave();
        return { error: error.message };
      };
      const describeFresh = async (file: string) => {
        leave();
        cell = takeFresh();
        running.add(cell);
        return describeOne(cell, file);
      };
      for (const file of files) {
        const used = cell?.fit ? cell : undefined;
        // A cell that has ended meanwhile may have been ended by the code of a file before.
        const here = used && (await describeOne(used, file).catch((error: Error) => (used.fit ? failed(error) : undefined)));
        described.push(here ?? (await describeFresh(file).catch(failed)));
      }
      leave();
      return described;
    },
    async validate(source, data, secrets = []) {
      const request = { kind: "validate", source, data, secrets } as const;
      return (await readers.ask(source.file, (cell) => cell.ask(request, "validated", LOAD_TIMEOUT_MS))).details;
    },
    async close() {
      closed = true;
      clearTimeout(refill);
      readers.close();
      for (const cell of [...stock.splice(0), ...idle.splice(0).map((item) => item.cell), ...running]) endCell(cell);
      await Promise.all(ending);
    },
  };

  function giveBack(cell: Cell): void {
    running.delete(cell);
    endCell(cell);
  }
}

/** A sandbox of worker threads. A fatal error of the engine in one ends the server. */
export const openThreads = (options: SandboxOptions): Sandbox => openCells(startThread, options);

/** A sandbox of child processes: no error in one, and no memory that native code takes, harms the server or another run. */
export const openProcesses = (options: SandboxOptions): Sandbox => openCells(processesOf(options.user), options);

/** Processes for all; or threads, with processes for the jobs that ask for them. */
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

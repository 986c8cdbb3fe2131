import type { FileDescription, Sandbox } from "../sandbox.ts";
import { LoadError, type OnOutput, startThread, type Thread } from "./thread.ts";

/** How {@link openThreads} is set up. */
export interface ThreadsOptions {
  /** The environment that job code sees. */
  env: Readonly<Record<string, string>>;
  /** Started threads that are kept waiting for the next runs. */
  spares: number;
  /** How long an aborted job may take to end by itself. */
  graceMs: number;
  onOutput: OnOutput;
}

/** A file may take this long to load, and a check of inputs to answer. */
const LOAD_TIMEOUT_MS = 10_000;

/**
 * A sandbox of worker threads: a fresh one for every run, taken from a small stock of spares that already started (a start costs some
 * 30 ms of processor time), and one that is kept for describing files and checking inputs.
 */
export function openThreads({ env, spares, graceMs, onOutput }: ThreadsOptions): Sandbox {
  const start = () => startThread(env, onOutput);
  const stock: Thread[] = Array.from({ length: spares }, start);
  const busy = new Set<Thread>();
  let reader: Thread | undefined;
  let readerQueue: Promise<unknown> = Promise.resolve();
  let closed = false;

  /** One request at a time; a reader that did not answer is replaced before the next. */
  function askReader<T>(ask: (thread: Thread) => Promise<T>): Promise<T> {
    const answer = readerQueue.then(async () => {
      reader ??= start();
      try {
        return await ask(reader);
      } catch (error) {
        if (error instanceof LoadError) throw error;
        const lost = reader;
        reader = undefined;
        await lost.end();
        throw error;
      }
    });
    readerQueue = answer.catch(() => undefined);
    return answer;
  }

  return {
    async run(task, lines, signal) {
      const thread = stock.shift() ?? start();
      if (!closed) stock.push(...Array.from({ length: spares - stock.length }, start));
      busy.add(thread);
      try {
        return await thread.run(task, lines, signal, graceMs);
      } catch (error) {
        const { name, message, stack } = error as Error;
        return { kind: "failure", excType: name, excMessage: message, traceback: stack ?? message };
      } finally {
        busy.delete(thread);
      }
    },
    async describe(files) {
      // A thread loads a module once; only a new one sees what has changed.
      await reader?.end();
      reader = undefined;
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
    validate: async (source, data) =>
      (await askReader((thread) => thread.ask({ kind: "validate", source, data }, "validated", LOAD_TIMEOUT_MS))).details,
    async close() {
      closed = true;
      const threads = [...stock.splice(0), ...busy, ...(reader ? [reader] : [])];
      await Promise.all(threads.map((thread) => thread.end()));
    },
  };
}

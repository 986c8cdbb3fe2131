import { spawn } from "node:child_process";
import { once } from "node:events";
import { setPriority } from "node:os";
import type { Duplex, Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { BrokenMessage } from "../wire/broken-message.ts";
import { watchProcess } from "./memory-watch.ts";
import { encodeRequest, LIFE_FD, RECORDS_FD, REQUESTS_FD } from "../wire/process-channel.ts";
import type { SystemUser } from "../../../jobs-user.ts";
import { createStreamReader } from "./stream-pipe.ts";
import { COMPILE_CACHE, EndedError, ENTRY, exited, OutOfMemoryError, type StartVessel } from "./vessel.ts";

/** Longest wait for the last prints of an ended process. */
const OUTPUT_MS = 500;

/** Room for new objects, a third of its final size. The engine would take more; see `thread-vessel.ts`. */
const SEMI_SPACE_MB = 4;

/** Jobs, and spares that start, leave the processor to the server when it has something to do. */
const NICE = 5;

function makeNice(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, NICE);
  } catch {
    // It has ended already.
  }
}

/** Requests and answers that a process has not read, in bytes. Ten answers at once may be as long as that. */
const MAX_UNREAD = 512 * 1024 * 1024;

/**
 * Becomes the program it is given, and leaves behind, in the same group, a shell that waits for the end of a stream on which nothing is ever
 * said. It comes when this process is gone, however that went, and ends the group: a job that loops and says nothing would not notice. A thread
 * inside the process could watch too, for 25 ms of processor time and 20 MB more a run; the shell takes one.
 */
const GUARDED = `ulimit -c 0; ulimit -d $0 2>&-; (read _ <&${LIFE_FD}; kill -KILL 0) >&- 2>&- ${RECORDS_FD}>&- ${REQUESTS_FD}>&- & exec "$@" ${LIFE_FD}<&-`;

/**
 * A limit of the kernel for each process of a run, in KiB, far above ours: a single allocation cannot pass ours by more than that. Of the
 * first GiB an idle process takes a half, mostly stacks that it never touches.
 */
const dataLimit = (memoryLimitMb: number) => (memoryLimitMb > 0 ? String((1024 + 2 * memoryLimitMb) * 1024) : "unlimited");

/** The engine's messages that it has no memory. */
const OUT_OF_MEMORY = /out of memory|Allocation failed|invalid (array length|size error|table size)/;
/** Signals by which the engine ends its process when it cannot go on. */
const FATAL_SIGNALS = new Set(["SIGABRT", "SIGILL", "SIGSEGV", "SIGTRAP"]);
/** The usual reasons for a signal that the job's process ends by. */
const WHY: Readonly<Record<string, string>> = {
  SIGABRT: ": it called process.abort(), or native code of it failed",
  SIGKILL: ": it or another process killed it, or the system had no memory left",
  SIGSEGV: ": native code of it failed",
};
/** Characters of the last prints that are looked through for the engine's last words. */
const LAST_WORDS = 20_000;

/**
 * Starts processes, each in its own group that ends with it, and with this one.
 * @param user the user that they run as; this process's own when undefined. Another needs the right to change users.
 */
export const processesOf =
  (user: SystemUser | undefined): StartVessel =>
  (env, onOutput, onBroken, memoryLimitMb) => {
    const flags = ["--disable-warning=ExperimentalWarning", `--max-semi-space-size=${SEMI_SPACE_MB}`];
    if (memoryLimitMb > 0) flags.push(`--max-old-space-size=${memoryLimitMb}`);
    const child = spawn("/bin/sh", ["-c", GUARDED, dataLimit(memoryLimitMb), process.execPath, ...flags, fileURLToPath(ENTRY)], {
      // Options of Node that are in the environment are the server's: two processes cannot have one debugger's port.
      env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...env, NODE_OPTIONS: undefined },
      stdio: ["ignore", "pipe", "pipe", "pipe", "pipe", "pipe"],
      detached: true,
      ...user,
    });
    makeNice(child.pid);
    const failed = once(child, "error") as Promise<[Error]>;
    // A process that starts never fails to.
    failed.catch(() => undefined);
    if (!child.stdout || !child.stderr) throw new Error("The system has no descriptors left for another process.");
    const { stdout, stderr } = child;
    const streams: readonly unknown[] = child.stdio;
    const requests = streams[REQUESTS_FD] as Duplex;
    const pipe = createStreamReader(streams[RECORDS_FD] as Readable);
    let lastWords = "";
    stdout.setEncoding("utf8").on("data", (text: string) => onOutput("stdout", text));
    stderr.setEncoding("utf8").on("data", (text: string) => {
      lastWords = (lastWords + text).slice(-LAST_WORDS);
      onOutput("stderr", text);
    });
    requests.on("error", () => undefined);
    requests.on("data", () => onBroken(new BrokenMessage("it wrote where it is only asked")));
    const killGroup = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // It is gone already.
      }
    };
    const printed = once(stderr, "close");
    printed.catch(() => undefined);
    async function endOf(code: number | null, signal: string | null): Promise<Error> {
      const wait = new AbortController();
      await Promise.race([printed, delay(OUTPUT_MS, undefined, { signal: wait.signal })]).catch(() => undefined);
      wait.abort();
      for (const stream of [requests, stdout, stderr]) stream.destroy();
      if (code !== null) return exited(code);
      if (FATAL_SIGNALS.has(signal!) && OUT_OF_MEMORY.test(lastWords))
        return new OutOfMemoryError("The engine had no more memory.");
      return new EndedError(`The job's process was ended by the signal ${signal}${WHY[signal!] ?? ""}.`);
    }
    const ended = new Promise<Error>((resolve) => {
      void failed.then(([error]) => resolve(error));
      child.once("exit", (code, signal) => {
        killGroup();
        resolve(endOf(code, signal));
      });
    });
    void ended.then(() => pipe.end());

    return {
      ended,
      pipe,
      post(request) {
        if (requests.writable) requests.write(encodeRequest(request));
        if (requests.writableLength > MAX_UNREAD) onBroken(new BrokenMessage("it reads no answers"));
      },
      watch: (limitMb, onOver) => watchProcess(child.pid!, limitMb, onOver),
      async kill() {
        killGroup();
        await ended;
      },
    };
  };

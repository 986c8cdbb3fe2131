import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${ROOT}/package.json`, "utf8")) as { scripts: { start: string } };
/** Arguments of `npm start` for Node. */
const START = scripts.start.split(" ").slice(1);
const MAIN = START.pop()!;
const STOP_TIMEOUT_MS = 5000;

/** Folder of the jobs that workloads run. */
export const BENCH_JOBS = fileURLToPath(new URL("jobs", import.meta.url));

/** The administrator's key on every bench server. */
export const KEY = "bench-key-0123456789abcdef";

/** A server in a process of its own. */
export interface BenchServer {
  /** URL of the server, without a path. */
  readonly url: string;
  /** Memory that the process holds, in bytes. */
  rss(): number;
  /** Processor time that it has taken so far, with that of its jobs that have ended, in milliseconds. */
  cpu(): number;
  stop(): Promise<void>;
}

/**
 * Spawns the command of `npm start`, and waits until it listens.
 * @param cwd a folder for its files, which also keeps it from the project's own database.
 * @param onSpawn gets a function that ends the process, before anything is waited for.
 * @throws Error with the server's output when it ended instead.
 */
export async function startServer(
  databaseUrl: string,
  cwd: string,
  onSpawn: (stop: () => Promise<void>) => void,
  jobsRoot: string,
): Promise<BenchServer> {
  const child = spawn(process.execPath, [...START, `${ROOT}/${MAIN}`], {
    cwd,
    // Nothing else is inherited: every run gets a copy of the environment.
    env: {
      PATH: process.env["PATH"],
      DATABASE_URL: databaseUrl,
      PORT: "0",
      ADMIN_TOKEN: KEY,
      JOBS_ROOT: jobsRoot,
      LOG_LEVEL: "warn",
      SHUTDOWN_GRACE_MS: "0",
      SANDBOX: process.env["SANDBOX"] ?? "",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stop = () => end(child);
  onSpawn(stop);
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints = (complaints + text).slice(-4000)));

  for await (const line of createInterface({ input: child.stdout })) {
    const url = /listens at (http:\/\/[^/\s]+)/.exec(line)?.[1];
    if (!url) continue;
    child.stdout.resume();
    return { url, rss: () => rssOf(child.pid!), cpu: () => cpuOf(child.pid!), stop };
  }
  throw new Error(`The server ended before it listened.\n${complaints}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  const late = delay(STOP_TIMEOUT_MS, "late" as const, { ref: false });
  if ((await Promise.race([exit, late])) === "late") child.kill("SIGKILL");
  await exit;
}

function rssOf(pid: number): number {
  const kibibytes =
    process.platform === "linux"
      ? /^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
      : execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" });
  return Number(kibibytes) * 1024;
}

/** Ticks of the clock by which Linux counts processor time, in milliseconds. */
const TICK_MS = 10;

function cpuOf(pid: number): number {
  if (process.platform === "linux") {
    // The name stands before the bracket, and may contain anything.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
    // Its own, and that of the processes that it has waited for.
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * TICK_MS;
  }
  const time = execFileSync("ps", ["-o", "time=", "-p", String(pid)], { encoding: "utf8" });
  return (
    1000 *
    time
      .trim()
      .split(":")
      .reduce((sum, part) => sum * 60 + Number(part), 0)
  );
}

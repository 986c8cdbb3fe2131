import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { onTestFinished } from "vitest";
import { canRun } from "./own-postgresql.ts";
import { freePort } from "./free-port.ts";

/** False where tests of Redis are skipped: no `redis-server` is on the PATH, and `REQUIRE_REDIS=1` does not ask for it. */
export const HAS_REDIS = process.env["REQUIRE_REDIS"] === "1" || canRun(["redis-server", "--version"]);
if (!HAS_REDIS) console.log("No redis-server is on the PATH: the tests of notifications over Redis are skipped.");

/** A Redis of a test's own. */
export interface OwnRedis {
  url: string;
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Starts a Redis that is gone when the test is over. */
export async function openRedis(): Promise<OwnRedis> {
  const port = await freePort();
  let child: ChildProcess;

  async function start(): Promise<void> {
    child = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    let output = "";
    await new Promise<void>((resolve, reject) => {
      child.stdout!.on("data", (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes("Ready to accept connections")) resolve();
      });
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`Redis ended with ${code}:\n${output}`)));
    });
  }

  async function stop(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  }

  await start();
  onTestFinished(stop);
  return { url: `redis://127.0.0.1:${port}`, stop, start };
}

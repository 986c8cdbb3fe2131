import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { onTestFinished } from "vitest";
import { createClient, type TestClient } from "../client.ts";

const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: { start: string } };
/** Options that `npm start` gives to Node. */
const START_OPTIONS = scripts.start.split(" ").slice(1, -1);

/** A server as a user starts it: its own process on its own port. */
export interface ServerProcess {
  process: ChildProcess;
  url: string;
  /** The key that the first start printed. */
  key: string | undefined;
  client: TestClient;
  /** Returns its output, of both streams. */
  output(): string;
  /** Milliseconds from spawn to the line that says it listens. */
  startedInMs: number;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** A folder that is gone after the test. */
export async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "jobgraph-e2e-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Ways to start a server otherwise than a user does. */
export interface StartOptions {
  /** Another script than the built server. */
  script?: string;
  /** Another user to run it as. */
  uid?: number;
  /** A program that runs it in its own place, with its arguments. */
  within?: readonly string[];
}

/** Runs the built server with an environment that holds nothing but the given variables. */
export function spawnServer(
  env: Record<string, string>,
  { script = "dist/main.js", uid, within = [] }: StartOptions = {},
): ChildProcess {
  const [command, ...args] = [...within, process.execPath, ...START_OPTIONS, resolve(script)];
  const child = spawn(command!, args, {
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], PORT: "0", ...env } as NodeJS.ProcessEnv,
    stdio: ["ignore", "pipe", "pipe"],
    ...(uid !== undefined && { uid }),
  });
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  });
  return child;
}

/** Starts a server and waits until it says where it listens. */
export async function startServer(env: Record<string, string>, options?: StartOptions): Promise<ServerProcess> {
  const started = performance.now();
  const child = spawnServer(env, options);
  let output = "";
  const url = await new Promise<string>((resolveUrl, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const match = /listens at (http:\S+)\/graphql/.exec(output);
      if (match) resolveUrl(match[1]!);
    };
    child.stdout!.on("data", read);
    child.stderr!.on("data", read);
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}:\n${output}`)));
  });
  const startedInMs = performance.now() - started;
  const key = /key, shown only now: (\S+)/.exec(output)?.[1];
  const client = createClient(url, env["ADMIN_TOKEN"] ?? key ?? "");
  onTestFinished(() => client.close());
  return {
    process: child,
    url,
    key,
    client,
    startedInMs,
    output: () => output,
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      const [code] = (await once(child, "exit")) as [number | null];
      return code;
    },
  };
}

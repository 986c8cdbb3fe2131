import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pino } from "pino";
import { inject, onTestFinished } from "vitest";
import { type App, type AppParts, openApp } from "../../src/app.ts";
import { type Config, loadConfig } from "../../src/config.ts";
import { createClient, type TestClient } from "./client.ts";
import type { TestClock } from "./clock.ts";
import { freshDatabaseUrl } from "./database.ts";
import { openSandbox, SYSTEM_JOBS_ROOT } from "./sandbox.ts";

/** The jobs that come with the server; a test app has none unless its `config` names them. */
export const SYSTEM_JOBS = { systemJobsRoot: SYSTEM_JOBS_ROOT };

/** The administrator's key in every test app. */
export const KEY = "test-key-0123456789abcdef";

/** An app on a real port with its own database and job files, and a client that may do everything. */
export interface TestApp extends App {
  client: TestClient;
  config: Config;
  /** Lines that the server has logged so far, parsed. */
  logged: Record<string, unknown>[];
}

/** Files of a JOBS_ROOT by path; each gets an import of the functions of "jobgraph" that declare jobs. */
export type JobFiles = Record<string, string>;

// Folders of the test under way.
let folders = 0;

/** Returns an empty folder. Tests that come after each other get the same ones: job files are compiled once for each path. */
async function emptyFolder(): Promise<string> {
  if (folders === 0) onTestFinished(() => void (folders = 0));
  const folder = join(inject("scratch"), `jobs-${process.pid}-${folders++}`);
  await rm(folder, { recursive: true, force: true });
  return folder;
}

/** Writes job files into an empty folder, or the one that is given, and returns its path. */
export async function writeJobs(files: JobFiles, into?: string): Promise<string> {
  const root = into ?? (await emptyFolder());
  await mkdir(root, { recursive: true });
  for (const [path, source] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(
      join(root, path),
      `import { defineJob, defineJobButtonReceiver, defineJobHookReceiver, z } from "jobgraph";\n${source}`,
    );
  }
  return root;
}

/** Closes an app, and opens another on its database and job files. */
export async function restart(
  { close, config: { databaseUrl, jobsRoot, systemJobsRoot } }: TestApp,
  config: Partial<Config> = {},
): Promise<TestApp> {
  await close();
  return openTestApp({}, { databaseUrl, jobsRoot, systemJobsRoot, ...config });
}

/** Opens an app that is closed when the test is over. `config` overrides any setting, e.g. the database of an earlier app. */
export async function openTestApp(
  files: JobFiles,
  config: Partial<Config> = {},
  clock?: TestClock,
  { plugins }: Pick<AppParts, "plugins"> = {},
): Promise<TestApp> {
  const full: Config = {
    ...loadConfig({
      PORT: "0",
      ADMIN_TOKEN: KEY,
      SHUTDOWN_GRACE_MS: "0",
      // A fresh thread costs a test less than a process; the contract of sandboxes runs on both.
      SANDBOX: "thread",
      SPARE_SANDBOXES: "0",
      AUTH_CACHE_MS: "0",
      SECRET_KEY: "a secret key of the tests, all the same",
      PATH: process.env["PATH"],
    }),
    databaseUrl: config.databaseUrl ?? (await freshDatabaseUrl()),
    filesRoot: await emptyFolder(),
    jobsRoot: config.jobsRoot ?? (await writeJobs(files)),
    // Tests count jobs of their own; those of the system's jobs ask for these.
    systemJobsRoot: undefined,
    ...config,
  };
  const logged: Record<string, unknown>[] = [];
  const log = pino({ level: "debug" }, { write: (line: string) => void logged.push(JSON.parse(line)) });
  const app = await openApp(full, log, { clock, openSandbox, plugins });
  onTestFinished(() => app.close());
  const client = createClient(app.url, KEY);
  onTestFinished(() => client.close());
  return { ...app, client, config: full, logged };
}

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inject } from "vitest";
import { letAdministratorIn } from "../../../src/access/administrator.ts";
import { fill } from "../../../src/cli/seed/fill.ts";
import { openDatabase } from "../../../src/entities/database.ts";
import { startAndHear } from "../control.ts";
import { createPostgresqlUrl } from "../database.ts";
import type { DatabaseKind } from "../full.ts";
import { scratchFolder, type ServerProcess, startServer } from "../machines/process.ts";
import { runToEnd } from "../runs.ts";
import type { Target } from "./kinds.ts";

const ADMIN = "given-key-0123456789";
const SECRET = "what webhooks are signed with";
const jobs = (largeResult: number) => `import { defineJob } from "jobgraph";
export const Large = defineJob({ name: "Large", enabled: true, run: ({ logger }) => {
  for (let n = 0; n < 60; n++) logger.info("line " + n);
  return ["x".repeat(${largeResult})];
} });
export const Leaves = defineJob({ name: "Leaves", enabled: true, run: ({ createFile }) => createFile("large.bin", Buffer.alloc(9_000_000, "x")) });
export const GoesOn = defineJob({ name: "Goes on", enabled: true, timeLimit: 3600, softTimeLimit: 3600, async run({ logger, signal }) {
  for (let n = 0; !signal.aborted; n++) {
    if (n < 1000) logger.info("line " + n);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
} });
`;

/** The amount that a target has, and is asked for. */
interface TargetSize {
  /** Jobs, results and lines that are made up; none when absent. */
  rows?: { jobs: number; results: number; lines: number };
  /** Characters of the large result. */
  largeResult: number;
  crowd: number;
}

/** A server that is asked, and how others than its administrator ask it. */
export interface OpenedTarget {
  server: ServerProcess;
  databaseUrl: string;
  /** Folder of the server's files and, with SQLite, of its database. */
  folder: string;
  /** Asked as the administrator. */
  target: Target;
}

/** Starts a server on a filled database; both are gone when the test is over. */
export async function openTarget(kind: DatabaseKind, { rows, largeResult, crowd }: TargetSize): Promise<OpenedTarget> {
  const folder = await scratchFolder();
  await mkdir(join(folder, "jobs"));
  await writeFile(join(folder, "jobs", "own.ts"), jobs(largeResult));
  const databaseUrl = kind === "sqlite" ? `sqlite:${folder}/jobgraph.db` : await createPostgresqlUrl(inject("postgresqlUrl")!);
  const database = await openDatabase(databaseUrl);
  await database.migrate();
  await letAdministratorIn(database, ADMIN);
  if (rows) await fill(database, { ...rows, longResult: 0, seed: 1 }, new Date());
  await database.close();
  const server = await startServer({
    DATABASE_URL: databaseUrl,
    JOBS_ROOT: join(folder, "jobs"),
    FILES_ROOT: join(folder, "files"),
    ADMIN_TOKEN: ADMIN,
    SECRET_KEY: "a secret key of thirty-two characters",
    WEBHOOK_SECRET: SECRET,
    LOG_LEVEL: "error",
  });
  const { client } = server;
  const large = await runToEnd(client, "own.Large");
  const left = await runToEnd(client, "own.Leaves");
  const { files } = (await client.query("query ($id: ID!) { job_result(id: $id) { files { id } } }", { id: left.id })).job_result;
  const target = {
    url: server.url,
    key: ADMIN,
    runningId: await startAndHear(client, "own.GoesOn"),
    largeId: large.id,
    fileId: files[0]!.id,
    crowd,
    webhookSecret: SECRET,
  };
  return { server, databaseUrl, folder, target };
}

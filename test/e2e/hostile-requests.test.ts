import { appendFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { letAdministratorIn } from "../../src/access/administrator.ts";
import { fill } from "../../src/cli/seed/fill.ts";
import { openDatabase } from "../../src/entities/database.ts";
import { post } from "../support/client.ts";
import { startAndHear } from "../support/control.ts";
import { createPostgresqlUrl } from "../support/database.ts";
import { databaseKinds, IS_FULL, sized } from "../support/full.ts";
import { type HostileRequest, hostileRequests, type Target, type Told } from "../support/hostile-requests/corpus.ts";
import { percentile, startInnocentClient } from "../support/hostile-requests/innocent-client.ts";
import { forgetHighWater, highWater } from "../support/machines/memory.ts";
import { createPerson } from "../support/people.ts";
import { runToEnd } from "../support/runs.ts";
import { scratchFolder, type ServerProcess, startServer } from "../support/machines/process.ts";

const postgresqlUrl = inject("postgresqlUrl");

// The long run sends every document over every transport, on as many rows as a year leaves.
/** A file to which each request adds a line: the database, milliseconds, the end. */
const LIST = process.env["HOSTILE_LIST"];
/** Families to send, by name and separated by commas; all when it is empty. */
const ONLY = process.env["HOSTILE_FAMILIES"]?.split(",");
const ROWS = sized({ jobs: 20, results: 500, lines: 60 }, { jobs: 20, results: 8000, lines: 100 });
const LARGE_RESULT = sized(4_000_000, 15_000_000);

/** Bars of time and memory, which `BARS=1` holds a server to; a busy machine breaks each of them by itself. */
const BARS = {
  answeredMs: 1000,
  refusedMs: 100,
  serverMb: 400,
  /** Times that an innocent client's p99 may grow, from that of the client alone. */
  times: 3,
  /** A delay that nobody notices, and that two busy cores add by themselves, in milliseconds: a p99 below is as good as any. */
  unnoticedMs: 50,
};

const ARE_BARS = process.env["BARS"] === "1";

const ADMIN = "given-key-0123456789";
const SECRET = "what webhooks are signed with";
const JOBS = `import { defineJob } from "jobgraph";
export const Large = defineJob({ name: "Large", enabled: true, run: ({ logger }) => {
  for (let n = 0; n < 60; n++) logger.info("line " + n);
  return ["x".repeat(${LARGE_RESULT})];
} });
export const Leaves = defineJob({ name: "Leaves", enabled: true, run: ({ createFile }) => createFile("large.bin", Buffer.alloc(9_000_000, "x")) });
export const GoesOn = defineJob({ name: "Goes on", enabled: true, timeLimit: 3600, softTimeLimit: 3600, async run({ logger, signal }) {
  for (let n = 0; !signal.aborted; n++) {
    if (n < 1000) logger.info("line " + n);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
} });
`;

async function open(kind: string): Promise<{ server: ServerProcess; target: Target; innocentKey: string }> {
  const folder = await scratchFolder();
  await mkdir(join(folder, "jobs"));
  await writeFile(join(folder, "jobs", "own.ts"), JOBS);
  const url = kind === "sqlite" ? `sqlite:${folder}/jobgraph.db` : await createPostgresqlUrl(postgresqlUrl!);
  const database = await openDatabase(url);
  await database.migrate();
  await letAdministratorIn(database, ADMIN);
  await fill(database, { ...ROWS, longResult: 0, seed: 1 }, new Date());
  await database.close();
  const server = await startServer({
    DATABASE_URL: url,
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
    key: (await createPerson(server, { username: "hostile" })).key,
    runningId: await startAndHear(client, "own.GoesOn"),
    largeId: large.id,
    fileId: files[0]!.id,
    crowd: sized(25, 100),
    webhookSecret: SECRET,
  };
  return { server, target, innocentKey: (await createPerson(server, { username: "innocent" })).key };
}

const figuresOf = (samples: { latencies: number[] }) => ({
  p50: Number(percentile(samples, 0.5).toFixed(1)),
  p99: Number(percentile(samples, 0.99).toFixed(1)),
});

const nameOf = ({ family, words, through }: HostileRequest) => `${family}: ${words} (${through})`;

async function send(request: HostileRequest, target: Target): Promise<Told & { ms: number; wrong: string | undefined }> {
  const began = performance.now();
  const told = await request.send(target).catch((error: Error): Told => ({ end: "failed", says: error.stack ?? "" }));
  const ms = told.ms ?? performance.now() - began;
  const isDue =
    request.due.includes(told.end) && (!told.says || told.end === "answered" || (request.says ?? /./).test(told.says));
  const wrong = isDue
    ? undefined
    : `${nameOf(request)}: ${request.due.join(" or ")} is due, and it was ${told.end}: ${told.says.slice(0, 300)}`;
  return { ...told, ms, wrong };
}

async function ask({ url, key }: Target): Promise<string> {
  const { status } = await post(url, key, { query: "{ jobs(limit: 1) { id } }" });
  return status === 200 ? "answered" : `HTTP ${status}`;
}

test.for(databaseKinds("postgresql"))(
  "hostile requests are answered or refused, and nobody else notices: %s",
  { timeout: sized(300_000, 7_200_000) },
  async (kind) => {
    const { server, target, innocentKey } = await open(kind);
    const pid = server.process.pid!;
    const innocent = await startInnocentClient(server.url, innocentKey);
    forgetHighWater(pid);
    const baseline = await innocent.take(sized(200, 1000));
    const all: number[] = [];

    const wrong: string[] = [];
    const over: string[] = [];
    const requests = hostileRequests(IS_FULL).filter(({ family }) => !ONLY || ONLY.includes(family));
    expect(new Set(requests.map(({ family, words }) => `${family}: ${words}`)).size).toBeGreaterThanOrEqual(ONLY ? 1 : 120);
    const families = new Map<string, HostileRequest[]>();
    for (const request of requests) families.set(request.family, [...(families.get(request.family) ?? []), request]);
    const table: Record<string, object> = { "(nobody else)": { "server MB": highWater(pid).server, ...figuresOf(baseline) } };
    for (const [family, members] of families) {
      forgetHighWater(pid);
      const ends = [];
      for (const request of members) {
        const sent = await send(request, target);
        if (LIST) appendFileSync(LIST, `${kind} ${Math.round(sent.ms)} ${sent.end} ${nameOf(request)}\n`);
        ends.push(sent);
        const mayTake = sent.end === "answered" ? BARS.answeredMs : BARS.refusedMs;
        if (sent.end !== "left" && sent.ms > mayTake)
          over.push(`${nameOf(request)}: ${sent.end} after ${Math.round(sent.ms)} ms`);
        if (sent.wrong) wrong.push(sent.wrong);
        // The memory and the slots of the request are free again.
        await expect.poll(() => ask(target), { interval: 50 }).toBe("answered");
      }
      const samples = await innocent.take();
      all.push(...samples.latencies);
      wrong.push(...samples.wrong.map((what) => `an innocent client, beside ${family}: ${what}`));
      const memory = highWater(pid);
      if (memory.server > BARS.serverMb) over.push(`${family}: ${memory.server} MB`);
      const worst = (list: { ms: number }[]) => Math.round(Math.max(0, ...list.map(({ ms }) => ms)));
      table[family] = {
        requests: members.length,
        "answered ms": worst(ends.filter(({ end }) => end === "answered")),
        "refused ms": worst(ends.filter(({ end }) => end !== "answered" && end !== "left")),
        "server MB": memory.server,
        ...memory.children,
        ...figuresOf(samples),
      };
    }
    table["(all)"] = { requests: requests.length, ...figuresOf({ latencies: all }) };
    const [alone, beside] = [percentile(baseline, 0.99), percentile({ latencies: all }, 0.99)];
    if (beside > Math.max(BARS.unnoticedMs, BARS.times * alone))
      over.push(`an innocent client: a p99 of ${Math.round(beside)} ms, and of ${Math.round(alone)} ms alone`);
    console.log([kind, ...(ARE_BARS ? over : [])].join("\n"));
    console.table(table);
    expect(wrong).toEqual([]);
    if (ARE_BARS) expect(over).toEqual([]);
    expect(server.process.exitCode).toBeNull();
    expect(server.output()).not.toContain("an operation failed");
    expect(await server.client.query("{ __typename }")).toEqual({ __typename: "Query" });
  },
);

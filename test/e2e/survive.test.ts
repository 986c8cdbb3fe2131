import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, inject, onTestFailed, test } from "vitest";
import { createRandom, type Random } from "../../src/cli/seed/random.ts";
import { gone } from "../support/machines/alive.ts";
import { post } from "../support/client.ts";
import { createPostgresqlUrl } from "../support/database.ts";
import { databaseKinds, drawSeed, sized } from "../support/full.ts";
import { scratchFolder, type ServerProcess, startServer } from "../support/machines/process.ts";

const KEY = "given-key-0123456789";
const JOBS = `import { defineJob } from "jobgraph";
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const job = (name, more, end = () => "done") => defineJob({
  name, enabled: true, consoleLogDefault: true, isolation: "shared", ...more,
  async run({ logger }) {
    for (let n = 1; n <= 40; n++) { logger.info("line " + n); console.log("printed " + n); if (n % 5 === 0) await pause(1); }
    logger.warning("last");
    return end();
  },
});
const fails = () => { throw new Error("on purpose"); };
export const Says = job("Says", {});
export const Fresh = job("Fresh", { isolation: "run" });
export const Fails = job("Fails", {}, fails);
export const Retries = job("Retries", { retry: { limit: 2, backoff: 0 } }, fails);
export const RetriesLater = job("Retries later", { retry: { limit: 1, backoff: 0.3 } }, fails);
export const Alone = job("Alone", { isSingleton: true });
export const InTurn = job("In turn", { maxConcurrent: 1, onLimit: "queue" });
export const RetriesInTurn = job("Retries in turn", { maxConcurrent: 2, onLimit: "queue", retry: { limit: 1, backoff: 0 } }, fails);
export const Newest = job("Newest", { maxConcurrent: 1, onLimit: "replace" });
export const Floods = defineJob({ name: "Floods", enabled: true, isolation: "shared", run({ logger }) {
  for (let n = 1; n <= 2000; n++) logger.debug("line " + n);
  logger.error("last");
} });
export const Child = defineJob({ name: "Child", enabled: true, consoleLogDefault: true, isolation: "process", run({ logger }) {
  logger.info("pid " + process.pid);
  console.error("printed");
  for (const end = Date.now() + 100; Date.now() < end;);
  logger.info("last");
} });
`;
const NAMES = [...JOBS.matchAll(/export const (\w+)/g)].map(([, name]) => name!);

const RUN = `mutation ($job: String!, $key: String!) { run_job(class_path: $job, idempotency_key: $key) { id } }`;
const OPEN = `{ job_results(status__n: ["SUCCESS", "FAILURE", "REVOKED"]) { id name status attempt worker waits_for_slot date_next_attempt } }`;
const ENDED = `query ($ids: [String]!) { job_results(id: $ids) {
  id name status error { type message } date_done date_next_attempt waits_for_slot
  debug_log_count info_log_count success_log_count warning_log_count error_log_count
  job_log_entries { sequence log_level message } job_console_entries { sequence output_type text } } }`;

/** Moment at which a server is killed: milliseconds after the nth answer, batch of lines or last line that its clients get. */
interface Moment {
  of: "answer" | "lines" | "last";
  nth: number;
  thenMs: number;
}

const momentOf = (random: Random): Moment => {
  const of = random.pick(["answer", "lines", "last"] as const);
  return { of, nth: random.integer(1, of === "lines" ? 60 : 9), thenMs: random.pick([0, 0, 1, 2, 5, 10]) };
};

/** Knowledge of clients about the runs of all servers, one after the other, on one database. */
interface Memory {
  /** Jobs whose run was asked for, by idempotency key, until it was answered. */
  asked: Map<string, string>;
  /** Lines of each run by sequence, as a subscriber saw them. */
  seen: Map<string, Map<number, string>>;
  /** Runs whose end was looked at. */
  checked: Set<string>;
}

/** Requests the unanswered runs, and follows them and all others under way, until every run has ended or the server is gone. */
async function live({ client, url }: ServerProcess, memory: Memory, hear: (of: Moment["of"]) => void): Promise<void> {
  async function follow(id: string): Promise<void> {
    const seen = memory.seen.get(id)!;
    await client.followLog(id, {
      after: seen.size,
      onLines: (lines) => {
        for (const { sequence, message } of lines) {
          // Without a gap, and each once, also across the death of a server.
          expect(sequence).toBe(seen.size + 1);
          seen.set(sequence, message);
          if (message === "last") hear("last");
        }
        hear("lines");
      },
    });
  }
  async function ask([key, job]: [string, string]): Promise<void> {
    const { body } = await post(url, KEY, { query: RUN, variables: { job: `own.${job}`, key } });
    memory.asked.delete(key);
    if (body.errors) return expect(body.errors[0].extensions.code).toBe("JOB_ALREADY_RUNNING");
    const { id } = body.data.run_job;
    memory.seen.set(id, memory.seen.get(id) ?? new Map());
    hear("answer");
    await follow(id);
  }
  const left = [...memory.seen.keys()].filter((id) => !memory.checked.has(id));
  await Promise.all([...left.map(follow), ...[...memory.asked].map(ask)]);
}

/** Waits until no run is under way any more, and looks at all that were. */
async function settle({ client }: ServerProcess, { seen, checked }: Memory): Promise<void> {
  await expect.poll(async () => (await client.query(OPEN)).job_results).toEqual([]);
  const { job_results } = await client.query(ENDED, { ids: [...seen.keys()].filter((id) => !checked.has(id)) });
  for (const { job_log_entries: lines, job_console_entries: printed, ...run } of job_results) {
    expect(run).toMatchObject({ date_done: expect.any(String), date_next_attempt: null });
    if (run.status !== "REVOKED") expect(run.waits_for_slot).not.toBe(true);
    const gapless = (entries: unknown[]) => entries.map((_, n) => n + 1);
    expect(lines.map((line) => line.sequence)).toEqual(gapless(lines));
    expect(printed.map((entry) => entry.sequence)).toEqual(gapless(printed));
    for (const [sequence, message] of seen.get(run.id)!) expect(lines[sequence - 1]?.message).toBe(message);
    const count = (...levels: string[]) => lines.filter((line) => levels.includes(line.log_level)).length as number;
    expect(run).toMatchObject({
      debug_log_count: count("DEBUG"),
      info_log_count: count("INFO"),
      success_log_count: count("SUCCESS"),
      warning_log_count: count("WARNING"),
      error_log_count: count("FAILURE", "ERROR", "CRITICAL"),
    });
    if (run.status === "REVOKED") expect(run.name).toBe("Newest");
    else if (run.status === "FAILURE") expect(run.error.message).toMatch(/^on purpose$|^The worker was lost/);
    if (run.error?.type === "WorkerLost") expect(lines.at(-1)!.message).toBe(run.error.message);
    checked.add(run.id);
  }
  expect([...seen.keys()].filter((id) => !checked.has(id))).toEqual([]);
}

const pidsOf = ({ seen }: Memory) =>
  [...seen.values()].flatMap((lines) => [...lines.values()].flatMap((message) => /^pid (\d+)$/.exec(message)?.[1] ?? []));

/** Starts a server on a database and kills it in mid-run, again and again. Then compares the rows of the last one. */
async function survive(
  databaseUrl: string,
  folder: string,
  kills: number,
): Promise<{ known: number; stored: number; lost: boolean }> {
  const seed = drawSeed();
  const killed: Moment[] = [];
  onTestFailed(() => console.log(`SEED=${seed}; killed at ${JSON.stringify(killed)}`));
  const random = createRandom(seed);
  await mkdir(join(folder, "jobs"));
  await writeFile(join(folder, "jobs", "own.ts"), JOBS);
  const env = {
    DATABASE_URL: databaseUrl,
    JOBS_ROOT: join(folder, "jobs"),
    ADMIN_TOKEN: KEY,
    LOG_LEVEL: "warn",
    WORKER_LEASE_SECONDS: "1",
  };
  const memory: Memory = { asked: new Map(), seen: new Map(), checked: new Set() };
  for (let life = 1; life <= kills; life++) {
    const server = await startServer(env);
    // A later life would pick up leftovers unnoticed, so most lives settle them first. Others do not, so that continued runs are killed too.
    if (random.fraction() < 0.7) await settle(server, memory);
    for (let n = 0; n < 9; n++) memory.asked.set(`${life}-${n}`, random.pick(NAMES));
    const moment = momentOf(random);
    killed.push(moment);
    let left = moment.nth;
    const due = Promise.withResolvers<void>();
    const living = live(server, memory, (of) => void (of === moment.of && --left === 0 && due.resolve()));
    const failed: unknown[] = [];
    await Promise.race([due.promise, living.catch((error: unknown) => failed.push(error))]);
    expect(failed).toEqual([]);
    await delay(moment.thenMs);
    server.process.kill("SIGKILL");
    await once(server.process, "exit");
    await living.catch(() => undefined);
    expect(server.output()).not.toContain('"level":50');
    await Promise.all(pidsOf(memory).map((pid) => gone(Number(pid))));
  }
  const server = await startServer(env);
  await live(server, memory, () => undefined);
  await settle(server, memory);
  const { all, lost } = await server.client.query(
    `{ all: job_results { id } lost: job_log_entries(log_level: "CRITICAL", limit: 1) { message } }`,
  );
  expect(await server.stop()).toBe(0);
  return { known: memory.seen.size, stored: all.length, lost: lost.length > 0 };
}

const KILLS = sized(5, 20);
const postgresqlUrl = inject("postgresqlUrl");

test.for(databaseKinds("postgresql"))(
  "a server that is killed again and again loses nothing that was seen or promised: %s",
  { timeout: 600_000 },
  async (kind) => {
    const folder = await scratchFolder();
    const url = kind === "sqlite" ? `sqlite:${folder}/jobgraph.db` : await createPostgresqlUrl(postgresqlUrl!);
    const { known, stored, lost } = await survive(url, folder, KILLS);
    // Each requested job has one run, for any number of requests; and some runs were under way when their server was killed.
    expect({ stored, lost }).toEqual({ stored: known, lost: true });
  },
);

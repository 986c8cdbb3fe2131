import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { gone } from "../machines/alive.ts";
import { writeJobs } from "../app.ts";
import type { TestClient } from "../client.ts";
import { finished, reaches, start } from "../control.ts";

/** Each attempt leaves its mark in a file: an effect that nobody can take back. Other files are what runs wait for. */
const preamble = (folder: string) => `
import { appendFileSync, existsSync } from "node:fs";
const folder = ${JSON.stringify(folder)};
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const has = (name) => existsSync(folder + "/" + name);
const until = async (name) => { while (!has(name)) await pause(10); };
const job = (name, more, body) => defineJob({ name, enabled: true, ...more, async run({ logger, jobResult }) {
  appendFileSync(folder + "/marks", jobResult.id + "\\n");
  logger.info("pid " + process.pid);
  return body(logger);
} });
const fails = async () => { await until("end"); throw new Error("on purpose"); };
const talks = async (logger) => { for (let n = 2; ; n++) { logger.info("line " + n); if (has("go")) return n; await pause(20); } };
`;

const files = (folder: string) => ({
  "claimed.ts": `${preamble(folder)}
// The run is claimed, and its job does not begin yet.
if (has("begun")) await until("go");
export const Claimed = job("Claimed", {}, () => "done");
`,
  "stages.ts": `${preamble(folder)}
export const Quick = job("Quick", {}, () => "done");
export const Runs = job("Runs", {}, talks);
export const InTurn = job("In turn", { maxConcurrent: 1, onLimit: "queue" }, talks);
export const Settles = job("Settles", {}, async () => { await until("end"); return "done"; });
export const Fails = job("Fails", { retry: { limit: 1, backoff: 3 } }, fails);
export const Retries = job("Retries", { retry: { limit: 1, backoff: 5 } }, () => { throw new Error("on purpose"); });
`,
});

/** A run in each stage of a run's life, in the order in which they come there. */
const STAGES = {
  claimed: "claimed.Claimed",
  running: "stages.Runs",
  "running in its slot": "stages.InTurn",
  settling: "stages.Settles",
  "settling for a retry": "stages.Fails",
  "between attempts": "stages.Retries",
  // The place that the attempt before it has left.
  "running in the last place": "stages.Runs",
  "waiting for a slot": "stages.InTurn",
  "waiting for a worker": "stages.Runs",
} as const;
type Stage = keyof typeof STAGES;

/** State in which a reader sees each run in its stage. A run that has begun has a line. */
const COMES: Readonly<Record<Stage, { status: string; waiting_reason?: string; job_log_entries?: [] }>> = {
  claimed: { status: "STARTED", job_log_entries: [] },
  running: { status: "STARTED" },
  "running in its slot": { status: "STARTED" },
  settling: { status: "STARTED" },
  "settling for a retry": { status: "STARTED" },
  "between attempts": { status: "RETRY" },
  "running in the last place": { status: "STARTED" },
  "waiting for a slot": { status: "PENDING", waiting_reason: "CONCURRENCY_LIMIT" },
  "waiting for a worker": { status: "PENDING", waiting_reason: "QUEUED" },
};

/** Time in which every run is recorded once a fault is over. */
const RECORDED_WITHIN_MS = 30_000;

/** Settings under which the runs come to their stages: all that are held have a place, and the next one waits. */
export const STAGES_ENV = { WORKER_CONCURRENCY: "6", SPARE_SANDBOXES: "0" };

/** Runs that stay in their stages until they are let go. */
export interface Stages {
  /** Id of each run. */
  id(stage: Stage): string;
  /** Lets jobs end whose runs are to be settled. */
  end(): Promise<void>;
  /** Waits until the processes of those jobs are gone: the rest is up to the server. */
  ended(): Promise<void>;
  /** Lets all others go on. */
  goOn(): Promise<void>;
  /**
   * Waits until all are recorded, and looks at them.
   * @param isLost whether those that were in the hands of a worker were lost with it.
   */
  recorded(client: TestClient, isLost?: boolean): Promise<any[]>;
}

/** Writes the jobs. @returns their `JOBS_ROOT`. */
export const writeStages = (folder: string): Promise<string> => writeJobs(files(folder), join(folder, "jobs"));

const ALL = `query ($ids: [String]!) { job_results(id: $ids) {
  id status attempt result error { type message } date_done worker waiting_reason waits_for_slot date_next_attempt
  debug_log_count info_log_count success_log_count warning_log_count error_log_count job_log_entries { sequence message } } }`;

/** Brings a run into each stage. @param folder that the jobs were written to. */
export async function openStages(client: TestClient, folder: string): Promise<Stages> {
  const allow = (name: string) => writeFile(join(folder, name), "");
  const ids = new Map<Stage, string>();
  const readAll = async (): Promise<any[]> => {
    const { job_results } = await client.query(ALL, { ids: [...ids.values()] });
    return [...ids.values()].map((id) => job_results.find((run) => run.id === id));
  };
  const pids: number[] = [];
  await allow("begun");
  for (const [stage, classPath] of Object.entries(STAGES) as [Stage, string][]) {
    const id = await start(client, classPath);
    ids.set(stage, id);
    await reaches(client, id, COMES[stage].status);
    if (!stage.startsWith("running") && !stage.startsWith("settling")) continue;
    const [line] = await client.followLog(id, { limit: 1 });
    if (stage.startsWith("settling")) pids.push(Number(line!.message.slice("pid ".length)));
  }
  expect(await readAll()).toMatchObject([...ids.keys()].map((stage) => COMES[stage]));

  return {
    id: (stage) => ids.get(stage)!,
    end: () => allow("end"),
    ended: async () => void (await Promise.all(pids.map(gone))),
    goOn: () => allow("go"),
    async recorded(reader, isLost = false) {
      const readEnded = async () => (await reader.query(ALL, { ids: [...ids.values()] })).job_results;
      const open = async () => (await readEnded()).filter((run) => run.date_done === null);
      await expect.poll(open, { timeout: RECORDED_WITHIN_MS }).toEqual([]);
      const runs = await readEnded();
      const marks = (await readFile(join(folder, "marks"), "utf8")).trim().split("\n");
      for (const [stage, id] of ids) {
        const run = runs.find((one) => one.id === id)!;
        const executed = marks.filter((mark) => mark === id).length;
        expect({ stage, ...run }).toMatchObject(endOf(stage, isLost));
        // The process of a run that is lost may begin its job before it is ended.
        if (isLost && stage === "claimed") expect(executed).toBeLessThanOrEqual(1);
        else expect({ stage, executed }).toEqual({ stage, executed: run.attempt });
        const lines: { sequence: number }[] = run.job_log_entries;
        expect(lines.map(({ sequence }) => sequence)).toEqual(lines.map((_, n) => n + 1));
        const { debug_log_count, info_log_count, success_log_count, warning_log_count, error_log_count } = run;
        expect(debug_log_count + info_log_count + success_log_count + warning_log_count + error_log_count).toBe(lines.length);
        if (typeof run.result === "number") expect(lines).toHaveLength(run.result);
        expect(run.waits_for_slot).not.toBe(true);
      }
      // No slot is held, and nobody is in the way of the next.
      expect(await finished(reader, await start(reader, "stages.InTurn"))).toMatchObject({ status: "SUCCESS", attempt: 1 });
      return runs;
    },
  };
}

/** Returns the end of a run that was in a stage when a fault began. */
function endOf(stage: Stage, isLost: boolean): object {
  if (stage === "settling for a retry" || stage === "between attempts")
    return { status: "FAILURE", attempt: 2, error: { message: "on purpose" } };
  // Whether what came of it was recorded before the worker was lost is the database's to say.
  if (isLost && stage === "settling") return { status: expect.stringMatching(/^(SUCCESS|FAILURE)$/), attempt: 1 };
  if (isLost && COMES[stage].status === "STARTED") return { status: "FAILURE", attempt: 1, error: { type: "WorkerLost" } };
  return { status: "SUCCESS", attempt: 1 };
}

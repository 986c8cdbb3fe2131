import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openTestApp, type TestApp } from "../../support/app.ts";
import { read, start } from "../../support/control.ts";

const JOBS = {
  "jobs.ts": `
const aborted = (signal) => signal.aborted || new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
const job = (name, end, more = {}) => defineJob({ name, enabled: true, isolation: "shared", ...more, async run({ logger, signal }) {
  for (const n of [1, 2, 3]) { logger.info("said " + n); await null; }
  return end(signal);
} });
const fails = () => { throw new Error("on purpose"); };
export const Returns = job("Returns", () => "done");
export const Throws = job("Throws", fails);
export const Waits = job("Waits", async (signal) => { await aborted(signal); return "told"; });
export const Retries = job("Retries", fails, { retry: { limit: 2, backoff: 0 } });
export const Queues = job("Queues", () => "done", { maxConcurrent: 1, onLimit: "queue" });
export const QueuesRetries = job("Queues, retries", fails, { maxConcurrent: 2, onLimit: "queue", retry: { limit: 1, backoff: 0 } });
export const Replaces = job("Replaces", () => "done", { maxConcurrent: 1, onLimit: "replace" });
`,
};
const CANCEL = `mutation ($id: ID!) { cancel_job_result(id: $id, reason: "by chance") { id status } }`;

interface Plan {
  job: string;
  /** Number of lines after which each cancel is sent. */
  cancelAfter: number[];
}

const plan: fc.Arbitrary<Plan> = fc.record({
  job: fc.constantFrom("Returns", "Throws", "Waits", "Retries", "Queues", "QueuesRetries", "Replaces"),
  cancelAfter: fc.array(fc.nat(60), { maxLength: 3 }),
});

/** Returns true if the cancel was accepted. */
async function tryCancel(app: TestApp, id: string): Promise<boolean> {
  return app.client.query(CANCEL, { id }).then(
    () => true,
    (error: Error) => {
      expect(error.message).toContain("NOT_CANCELABLE");
      return false;
    },
  );
}

async function carryOut(app: TestApp, { job, cancelAfter }: Plan) {
  const id = await start(app.client, `jobs.${job}`);
  const following = app.client.followLog(id);
  const cancels = cancelAfter.map(async (turns) => {
    for (let n = 0; n < turns; n++) await setImmediate();
    return tryCancel(app, id);
  });
  if (job === "Waits") cancels.push(app.client.followLog(id, { limit: 1 }).then(() => tryCancel(app, id)));
  const followed = await following;
  return { id, job, followed, run: await read(app.client, id), accepted: await Promise.all(cancels) };
}

const ENDS: Record<string, string> = { Returns: "SUCCESS", Queues: "SUCCESS", Replaces: "SUCCESS", Waits: "REVOKED" };
const ATTEMPTS: Record<string, number> = { Retries: 3, QueuesRetries: 2 };

function check({ job, followed, run, accepted }: Awaited<ReturnType<typeof carryOut>>): void {
  const lines: { sequence: number; message: string }[] = run.job_log_entries;
  expect(followed.map((line) => line.sequence)).toEqual(lines.map((_, n) => n + 1));
  expect(lines.map((line) => line.sequence)).toEqual(lines.map((_, n) => n + 1));
  expect(run).toMatchObject({ date_done: expect.any(String), date_next_attempt: null });
  const isReplaced = run.cancel_reason?.startsWith("replaced by") ?? false;
  // The answer to a cancel agrees with the end of the run.
  const isRevoked = run.status === "REVOKED";
  expect(accepted.filter((one) => one !== isRevoked)).toEqual([]);
  if (!isReplaced && accepted.length === 0) expect(isRevoked).toBe(false);
  expect(run.cancel_type === null).toBe(!isRevoked);
  expect(run.date_canceled === null).toBe(!isRevoked);
  expect(lines.filter(({ message }) => message.startsWith("Canceled by"))).toHaveLength(isRevoked ? 1 : 0);
  if (isRevoked) expect(lines.at(-1)!.message).toMatch(/^Canceled by admin: /);
  else {
    const attempts = ATTEMPTS[job] ?? 1;
    expect(run).toMatchObject({ status: ENDS[job] ?? "FAILURE", attempt: attempts });
    expect(lines.filter(({ message }) => message.startsWith("said"))).toHaveLength(3 * attempts);
  }
}

test("however runs are asked for, canceled and ended at once: each has one end, told truly, and loses no line", async () => {
  const app = await openTestApp(JOBS, { workerConcurrency: 3, cancelGraceMs: 60_000 });
  await fc.assert(
    fc.asyncProperty(fc.array(plan, { minLength: 1, maxLength: 12 }), async (plans) => {
      const done = await Promise.all(plans.map((one) => carryOut(app, one)));
      for (const one of done) check(one);
      // Once it has ended, nothing of a run changes any more.
      for (const { id, run } of done) expect(await read(app.client, id)).toEqual(run);
    }),
    { numRuns: 25, endOnFailure: true },
  );
  const { job_results } = await app.client.query(`{ job_results(status__n: ["SUCCESS", "FAILURE", "REVOKED"]) { id status } }`);
  expect(job_results).toEqual([]);
});

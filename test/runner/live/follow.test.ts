import { expect, test } from "vitest";
import { openTestApp } from "../../support/app.ts";
import type { Line } from "../../support/client.ts";

const JOBS = `
export const Counts = defineJob({
  name: "Counts", enabled: true, variables: z.object({ to: z.int(), pause: z.int().default(0) }),
  async run({ logger, data }) {
    for (let n = 1; n <= data.to; n++) {
      logger.info("line " + n);
      if (data.pause && n % data.pause === 0) await new Promise((r) => setTimeout(r, 1));
    }
    return data.to;
  },
});
`;

const RUN = `mutation ($job: String!, $data: GenericScalar) { run_job(class_path: $job, data: $data) { id } }`;
const numbers = (to: number, from = 1) => Array.from({ length: to - from + 1 }, (_, n) => n + from);
const sequences = (lines: Line[]) => lines.map((line) => line.sequence);

test("a log followed before, during and after the run is 1..N each time, then complete", async () => {
  const { client } = await openTestApp({ "jobs.ts": JOBS });
  const { run_job } = await client.query(RUN, { job: "jobs.Counts", data: { to: 2000, pause: 50 } });
  let joined: Promise<Line[]> | undefined;
  const first = await client.followLog(run_job.id, { onLines: () => (joined ??= client.followLog(run_job.id)) });
  const second = await joined!;
  const third = await client.followLog(run_job.id);
  for (const lines of [first, second, third]) {
    expect(sequences(lines)).toEqual(numbers(2000));
    expect(lines.map((line) => line.message)).toEqual(numbers(2000).map((n) => `line ${n}`));
  }
  const { job_result } = await client.query(
    `query ($id: ID!) { job_result(id: $id) { status info_log_count debug_log_count } }`,
    { id: run_job.id },
  );
  expect(job_result).toEqual({ status: "SUCCESS", info_log_count: 2000, debug_log_count: 0 });
});

test("a log followed after a cut goes on where it was, without a gap and without repeats", async () => {
  const { client } = await openTestApp({ "jobs.ts": JOBS });
  const { run_job } = await client.query(RUN, { job: "jobs.Counts", data: { to: 3000, pause: 20 } });
  const received: Line[] = [];
  for (const limit of [1, 10, 700, 1]) {
    received.push(...(await client.followLog(run_job.id, { after: received.at(-1)?.sequence ?? 0, limit })));
  }
  received.push(...(await client.followLog(run_job.id, { after: received.at(-1)!.sequence })));
  expect(sequences(received)).toEqual(numbers(3000));
});

test("following a run that is not there is refused", async () => {
  const { client } = await openTestApp({});
  for (const id of ["01a20d41-bf32-73c7-86b0-37568f855895", "no-uuid"]) {
    await expect(client.followLog(id)).rejects.toThrow("NOT_FOUND");
  }
});

test("unsubscribing in mid-run frees the listener at once, and the run goes on", async () => {
  const { client } = await openTestApp({ "jobs.ts": JOBS });
  const { run_job } = await client.query(RUN, { job: "jobs.Counts", data: { to: 500, pause: 5 } });
  expect(await client.followLog(run_job.id, { limit: 1 })).not.toEqual([]);
  expect(sequences(await client.followLog(run_job.id))).toEqual(numbers(500));
});

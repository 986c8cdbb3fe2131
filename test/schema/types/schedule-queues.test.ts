import { expect, test } from "vitest";
import { openTestApp, type TestApp } from "../../support/app.ts";
import { readLog } from "../../support/changes.ts";
import { databaseOf } from "../../support/rows.ts";
import { act, createSchedule, readSchedule, updateSchedule } from "../../support/schedules.ts";

/* A schedule without a queue of its own has the default of its job, as the job is when somebody looks. */

const JOBS = {
  "jobs.ts": `
const job = (name, taskQueues) => defineJob({ name, run() {}, enabled: true, taskQueues });
export const A = job("A", ["default", "fast"]);
export const B = job("B", ["slow", "fast"]);
`,
};
const START = `${new Date().getUTCFullYear() + 2}-03-04T08:30:00.000Z`;
const daily = { interval: "DAILY", start_time: START };

/** Queues that the schedules show. `gone` has lost its job. */
type Shown = Record<"gone" | "own" | "ofA" | "ofB", string | null>;
const AT_FIRST: Shown = { own: "fast", ofA: "default", ofB: "slow", gone: null };

async function setup(): Promise<TestApp> {
  const app = await openTestApp(JOBS);
  for (const [name, job_model, job_queue] of [
    ["own", "A", "fast"],
    ["ofA", "A", null],
    ["ofB", "B", null],
    ["gone", "B", null],
  ] as const)
    await createSchedule(app.client, { ...daily, name, job_model, job_queue });
  const database = await databaseOf(app);
  await database.rows.updateTable("scheduled_job").set({ job_model_id: null }).where("name", "=", "gone").execute();
  return app;
}

const namesOf = (objects: { name: string }[]) => objects.map(({ name }) => name).toSorted();
const shownIn = (schedules: { name: string; job_queue: { name: string } | null }[]) =>
  Object.fromEntries(schedules.map(({ name, job_queue }) => [name, job_queue && job_queue.name]));

/** Every place where a schedule's queue can be seen. */
async function mustShow({ client }: TestApp, shown: Shown): Promise<void> {
  const fields = "name job_queue { name }";
  const { list, page, jobs, queues } = await client.query(`{
    list: scheduled_jobs { ${fields} id }
    page: scheduled_jobs_connection(first: 9) { nodes { ${fields} } }
    jobs { name scheduled_jobs(limit: 3) { ${fields} } }
    queues: job_queues { id name scheduled_jobs { name } some: scheduled_jobs(limit: 9) { ${fields} }
      page: scheduled_jobs_connection(first: 9) { total_count nodes { name } } }
  }`);
  expect(shownIn(list)).toEqual(shown);
  expect(shownIn(page.nodes)).toEqual(shown);
  const { gone: _, ...ofJobs } = shown;
  expect(shownIn(jobs.flatMap(({ scheduled_jobs }) => scheduled_jobs))).toEqual(ofJobs);
  for (const { id, name } of list)
    expect([id, (await readSchedule(client, id)).job_queue]).toEqual([
      id,
      shown[name as keyof Shown] && { name: shown[name as keyof Shown] },
    ]);

  const having = (is: (queue: string | null) => boolean) =>
    Object.entries(shown)
      .flatMap(([name, queue]) => (is(queue) ? [name] : []))
      .toSorted();
  const find = async (filters: string) => namesOf((await client.query(`{ scheduled_jobs(${filters}) { name } }`)).scheduled_jobs);
  for (const { id, name, scheduled_jobs, some, page: ofQueue } of queues) {
    const wanted = having((queue) => queue === name);
    expect([name, namesOf(scheduled_jobs), namesOf(some), namesOf(ofQueue.nodes), ofQueue.total_count]).toEqual([
      name,
      wanted,
      wanted,
      wanted,
      wanted.length,
    ]);
    expect(Object.values(shownIn(some)).every((one) => one === name)).toBe(true);
    for (const argument of ["job_queue", "job_queue_id"])
      for (const value of [id, name]) {
        expect([name, argument, await find(`${argument}: "${value}"`)]).toEqual([name, argument, wanted]);
        expect([name, argument, await find(`${argument}__n: "${value}"`)]).toEqual([
          name,
          argument,
          having((queue) => queue !== name),
        ]);
      }
    const { one } = await client.query(`{ one: job_queue(id: "${id}") { scheduled_jobs(limit: 9, sort: ["-name"]) { name } } }`);
    expect(namesOf(one.scheduled_jobs)).toEqual(wanted);
  }
  expect(await find(`job_queue__isnull: true`)).toEqual(having((queue) => queue === null));
  expect(await find(`job_queue__isnull: false`)).toEqual(having((queue) => queue !== null));
  expect(await find(`job_queue: ["fast", "slow"]`)).toEqual(having((queue) => queue === "fast" || queue === "slow"));
  const { used, unused } = await client.query(
    `{ used: job_queues(has_scheduled_jobs: true) { name } unused: job_queues(has_scheduled_jobs: false) { name } }`,
  );
  const isUsed = (queue: { name: string }) => Object.values(shown).includes(queue.name);
  expect([namesOf(used), namesOf(unused)]).toEqual([
    namesOf(queues.filter(isUsed)),
    namesOf(queues.filter((queue) => !isUsed(queue))),
  ]);

  // By the ids of queues, those without one last; page by page as in one list.
  const idOf = new Map<string | null, string>(queues.map(({ id, name }) => [name, id]));
  for (const sort of ["job_queue", "-job_queue"]) {
    const { sorted } = await client.query(`{ sorted: scheduled_jobs(sort: ["${sort}"]) { ${fields} } }`);
    const ids = sorted.map(({ job_queue }: any) => idOf.get(job_queue?.name ?? null) ?? "z");
    expect([sort, ids]).toEqual([sort, sort === "job_queue" ? ids.toSorted() : ids.toSorted().toReversed()]);
    const paged: string[] = [];
    for (let after: string | null = null, more = true; more;) {
      const { scheduled_jobs_connection: next }: any = await client.query(
        `query ($after: String) { scheduled_jobs_connection(first: 1, after: $after, sort: ["${sort}"]) { nodes { name } page_info { has_next_page end_cursor } } }`,
        { after },
      );
      paged.push(...next.nodes.map(({ name }: any) => name));
      ({ has_next_page: more, end_cursor: after } = next.page_info);
    }
    expect([sort, paged]).toEqual([sort, sorted.map(({ name }: any) => name)]);
  }
}

test("a schedule without a queue shows its job's default, from its file or overridden, wherever it is seen, and is found by it", async () => {
  const app = await setup();
  const { client } = app;
  await mustShow(app, AT_FIRST);
  await client.query(
    `mutation { a: update_job(name: "A", data: { default_job_queue: "fast" }) { id } b: update_job(name: "B", data: { default_job_queue: "fast" }) { id } }`,
  );
  await mustShow(app, { own: "fast", ofA: "fast", ofB: "fast", gone: null });
  await client.query(
    `mutation { revert_job_overrides(name: "A") { id } update_job(name: "B", data: { default_job_queue_override: false }) { id } }`,
  );
  await mustShow(app, AT_FIRST);
  const { scheduled_jobs } = await client.query(`{ scheduled_jobs(name: "own") { id } }`);
  const { id } = scheduled_jobs[0]!;
  expect((await updateSchedule(client, id, { job_queue: null })).job_queue).toEqual({ name: "default" });
  await mustShow(app, { ...AT_FIRST, own: "default" });
  expect((await updateSchedule(client, id, { job_model: "B" })).job_queue).toEqual({ name: "slow" });
  expect((await act(client, "pause_scheduled_job", id)).job_queue).toEqual({ name: "slow" });
  await mustShow(app, { ...AT_FIRST, own: "slow" });
});

test("an absent queue stays empty: the change log has no queue, and the queue may change and go", async () => {
  const app = await setup();
  const database = await databaseOf(app);
  const stored = async () => {
    const rows = await database.rows.selectFrom("scheduled_job").select(["name", "job_queue_id"]).execute();
    return Object.fromEntries(rows.map(({ name, job_queue_id: id }) => [name, id === null]));
  };
  const empty = { own: false, ofA: true, ofB: true, gone: true };
  expect(await stored()).toEqual(empty);
  await mustShow(app, AT_FIRST);
  const { scheduled_jobs } = await app.client.query(`{ scheduled_jobs(name: "ofB") { id } }`);
  const { id } = scheduled_jobs[0]!;
  await updateSchedule(app.client, id, { description: "new" });
  const log = await readLog(app.client, `changed_object_id: "${id}"`);
  expect(log.map(({ postchange }) => postchange!["job_queue"])).toEqual([null, null]);
  expect(await stored()).toEqual(empty);
});

test("a subscription shows and finds schedules by the queue that they have then", async () => {
  const { client } = await setup();
  const events = client.ws.iterate<any>({
    query: `subscription { scheduled_jobs(job_queue: "slow") { name job_queue { name } } }`,
  });
  let told: any;
  void events.next().then(({ value }) => (told = value));
  const { scheduled_jobs } = await client.query(`{ scheduled_jobs { id } }`);
  // Nothing announces that a subscription has begun, and it does not get changes from before.
  const change = async () => {
    for (const { id } of scheduled_jobs)
      await updateSchedule(client, id, { description: String(Math.random()) }).catch(() => undefined);
    return told !== undefined;
  };
  await expect.poll(change).toBe(true);
  await events.return!();
  expect(told.data.scheduled_jobs).toEqual([{ name: "ofB", job_queue: { name: "slow" } }]);
});

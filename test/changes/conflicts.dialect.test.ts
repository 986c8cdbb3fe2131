import { expect, test } from "vitest";
import { KEY, openTestApp } from "../support/app.ts";
import { type LoggedChange, readLog } from "../support/changes.ts";
import { post } from "../support/client.ts";

const JOBS = { "a.ts": `export const A = defineJob({ name: "A", taskQueues: ["one", "two"], run() {} });` };

const READ = `{ jobs { id last_updated description } }`;
const UPDATE = `mutation ($data: UpdateJobInput!, $since: DateTime) {
  update_job(name: "A", data: $data, if_unmodified_since: $since) { last_updated description } }`;

async function setup() {
  const app = await openTestApp(JOBS);
  const read = async () => (await app.client.query(READ)).jobs[0] as { id: string; last_updated: string; description: string };
  const log = async () => readLog(app.client, `changed_object_id: "${(await read()).id}", action: "UPDATE"`);
  return { ...app, read, log };
}

test("a change is refused when the job has changed since, by anything, and accepted when it has not", async () => {
  const { client, read, log } = await setup();
  const { last_updated: seen } = await read();
  const { update_job } = await client.query(UPDATE, { data: { description: "one" }, since: seen });
  expect(Date.parse(update_job.last_updated)).toBeGreaterThan(Date.parse(seen));

  for (const since of [seen, new Date(Date.parse(update_job.last_updated) + 1).toISOString()])
    expect(await client.refused(UPDATE, { data: { description: "two" }, since })).toMatchObject({
      message: expect.stringContaining(update_job.last_updated),
      extensions: { code: "CONFLICT", details: [{ field: "if_unmodified_since" }] },
    });
  for (const mutation of ['revert_job_overrides(name: "A"', `delete_job(id: "${(await read()).id}"`])
    expect((await client.refused(`mutation { ${mutation} if_unmodified_since: "${seen}") { id } }`)).extensions.code).toBe(
      "CONFLICT",
    );
  expect(await read()).toMatchObject(update_job);
  expect(await log()).toHaveLength(1);
  // The same moment in another spelling.
  const since = update_job.last_updated.replace("Z", "+00:00");
  expect((await client.query(UPDATE, { data: { description: "two" }, since })).update_job.description).toBe("two");
});

test("links and flags are changes too, and equal values are none", async () => {
  const { client, read, log } = await setup();
  await client.query(`mutation { create_tag(data: { name: "T" }) { id } create_job_queue(data: { name: "three" }) { id } }`);
  let last = (await read()).last_updated;
  for (const [data, isChange] of [
    [{ tags: ["T"] }, true],
    [{ tags: ["T"] }, false],
    [{ tags: [] }, true],
    [{ job_queues: ["three"] }, true],
    [{ task_queues: ["three", "one"] }, false],
    [{ default_job_queue: "two" }, true],
    [{ description: "" }, true],
    [{ description: "" }, false],
    [{ description_override: true }, false],
    [{}, false],
    [{ enabled: false, _custom_field_data: { b: [1, { c: null }], a: "x" } }, true],
    [{ _custom_field_data: { a: "x", b: [1, { c: null }] } }, false],
  ] as const) {
    const { update_job } = await client.query(UPDATE, { data, since: last });
    expect.soft(update_job.last_updated > last, JSON.stringify(data)).toBe(isChange);
    last = update_job.last_updated;
    const changes = await log();
    if (isChange) expect.soft(changes.at(-1)!.postchange!["last_updated"], JSON.stringify(data)).toBe(last);
  }
  const changes = await log();
  expect(changes.map(({ differences }) => Object.keys(differences.added!).toSorted())).toEqual([
    ["tags"],
    ["tags"],
    ["job_queues", "job_queues_override"],
    ["default_job_queue", "default_job_queue_override", "job_queues"],
    ["description_override"],
    ["_custom_field_data"],
  ]);
  expectChain(changes);
});

/** Expects each change to start from the state that the one before it left, and to be later. */
function expectChain(changes: readonly LoggedChange[]): void {
  for (let n = 1; n < changes.length; n++) {
    const [before, after] = [changes[n - 1]!, changes[n]!];
    if (JSON.stringify(sorted(after.prechange)) !== JSON.stringify(sorted(before.postchange)))
      expect(after.prechange, `change ${n}`).toEqual(before.postchange);
    expect(Date.parse(after.postchange!["last_updated"])).toBeGreaterThan(Date.parse(after.prechange!["last_updated"]));
  }
}

const sorted = (snapshot: object | null) => Object.entries(snapshot ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));

test("of 2 × 100 changes by two clients each is in the log once or refused, and the job has the values of the last one", async () => {
  const { url, read, log } = await setup();

  async function work(name: string): Promise<string[]> {
    const accepted: string[] = [];
    let { last_updated: since } = await read();
    for (let n = 0; n < 100; n++) {
      const description = `${name} ${n}`;
      const { body } = await post(url, KEY, { query: UPDATE, variables: { data: { description }, since } });
      if (body.errors) {
        expect(body.errors[0].extensions.code).toBe("CONFLICT");
        since = (await read()).last_updated;
      } else {
        accepted.push(description);
        since = body.data.update_job.last_updated;
      }
    }
    return accepted;
  }
  const [ones, twos] = await Promise.all([work("one"), work("two")]);

  const changes = await log();
  const added = changes.map(({ differences }) => differences.added!["description"] as string);
  expect(added.toSorted()).toEqual([...ones!, ...twos!].toSorted());
  expect(added.filter((text) => text.startsWith("one"))).toEqual(ones);
  expect(added.filter((text) => text.startsWith("two"))).toEqual(twos);
  // At least one of the two was accepted each time that both had read the same.
  expect(added.length).toBeGreaterThanOrEqual(100);
  expectChain(changes);
  const { last_updated, description } = changes.at(-1)!.postchange!;
  expect(await read()).toMatchObject({ last_updated, description });
});

test("2 × 50 changes at once without a condition are all accepted, and the log tells one after the other", async () => {
  const { client, read, log } = await setup();
  const texts = (name: string) => Array.from({ length: 50 }, (_, n) => `${name} ${n}`);

  /** Sends changes, a few of them at the same time. */
  async function work(descriptions: string[]): Promise<void> {
    const worker = async () => {
      for (let next = descriptions.shift(); next !== undefined; next = descriptions.shift())
        await client.query(UPDATE, { data: { description: next } });
    };
    await Promise.all([worker(), worker(), worker()]);
  }
  await Promise.all([work(texts("one")), work(texts("two"))]);

  const changes = await log();
  const added = changes.map(({ differences }) => differences.added!["description"] as string);
  expect(added.toSorted()).toEqual([...texts("one"), ...texts("two")].toSorted());
  expectChain(changes);
  const { last_updated, description } = changes.at(-1)!.postchange!;
  expect(await read()).toMatchObject({ last_updated, description });
});

import { expect, test } from "vitest";
import { openTestApp } from "../support/app.ts";

const FILES = {
  "a.ts": `
    export const Plain = defineJob({ name: "Plain", run() {} });
    export const Hooked = defineJobHookReceiver({ name: "Hooked", enabled: true, receive() {} });
  `,
};

test("an object that loses its link to a deleted one has changed, and is in the change log", async () => {
  const { client } = await openTestApp(FILES);
  const { queue, tag } = await client.query(`mutation {
    queue: create_job_queue(data: { name: "night" }) { id }
    tag: create_tag(data: { name: "core" }) { id }
    update_job(name: "Plain", data: { job_queues: ["night"], tags: ["core"] }) { id }
  }`);
  const newest = async () => {
    const { jobs } = await client.query(
      `{ jobs(name: "Plain") { last_updated job_queues { name } tags { name } object_changes(limit: 1) { time action differences postchange } } }`,
    );
    return jobs[0];
  };
  await client.query(`mutation ($id: ID!) { delete_job_queue(id: $id) { name } }`, { id: queue.id });
  const withoutQueue = await newest();
  expect(withoutQueue!.object_changes[0]).toMatchObject({
    action: "UPDATE",
    differences: {
      removed: { job_queues: [{ name: "default" }, { name: "night" }] },
      added: { job_queues: [{ name: "default" }] },
    },
    postchange: { last_updated: withoutQueue!.last_updated },
  });
  await client.query(`mutation ($id: ID!) { delete_tag(id: $id) { name } }`, { id: tag.id });
  const withoutTag = await newest();
  expect(withoutTag!.object_changes[0]).toMatchObject({
    action: "UPDATE",
    differences: { removed: { tags: [{ name: "core" }] }, added: { tags: [] } },
  });
  expect([withoutTag!.job_queues, withoutTag!.tags]).toEqual([[{ name: "default" }], []]);
  expect(withoutTag!.last_updated > withoutQueue!.last_updated).toBe(true);
});

test("of hooks that ask for the same at once, one is taken", async () => {
  const { client } = await openTestApp(FILES);
  const outcomes = await Promise.allSettled(
    Array.from({ length: 8 }, (_, n) =>
      client.query(
        `mutation ($name: String!) { create_job_hook(data: { name: $name, job: "Hooked", content_types: ["dcim.device"], type_create: true }) { id } }`,
        { name: `Hook ${n}` },
      ),
    ),
  );
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  for (const outcome of outcomes)
    if (outcome.status === "rejected") expect(String(outcome.reason)).toContain("runs this job already");
  expect((await client.query(`{ job_hooks { name } }`)).job_hooks).toHaveLength(1);
});

test("an id is the same in upper case", async () => {
  const { client } = await openTestApp(FILES);
  const { create_tag } = await client.query(`mutation { create_tag(data: { name: "core" }) { id } }`);
  const id = create_tag.id.toUpperCase();
  const { update_job, update_tag } = await client.query(
    `mutation ($id: ID!, $tags: [String!]) {
      update_tag(id: $id, data: { description: "x" }) { description }
      update_job(name: "Plain", data: { tags: $tags }) { tags { name } } }`,
    { id, tags: [id] },
  );
  expect([update_tag.description, update_job.tags]).toEqual(["x", [{ name: "core" }]]);
});

import { GraphQLError } from "graphql";
import { expect, test } from "vitest";
import type { Plugin } from "../../src/server/apollo.ts";
import { KEY, openTestApp } from "../support/app.ts";
import { post } from "../support/client.ts";
import { answersOf, openEventStream } from "../support/event-stream.ts";
import { runToEnd } from "../support/runs.ts";

const JOBS = {
  "a.ts": `export const A = defineJob({ name: "A", enabled: true, run: ({ logger }) => logger.info("Hello") });`,
};

/** A mutation that changes the description of the one job. */
const describeJob = (name: string) =>
  `mutation ${name} { update_job(class_path: "a.A", data: { description: "${name}" }) { description } }`;

test("every query and mutation of a client reaches a plugin, however it comes", async () => {
  const seen: unknown[] = [];
  const plugin: Plugin = {
    async requestDidStart() {
      return {
        async willSendResponse({ operationName, contextValue, errors }) {
          seen.push([operationName, contextValue.viewer.username, errors?.length ?? 0]);
        },
      };
    },
  };
  const { url, client } = await openTestApp(JOBS, {}, undefined, { plugins: [plugin] });
  const search = (query: string) => `/graphql?query=${encodeURIComponent(query)}`;
  const get = (path: string) =>
    fetch(url + path, {
      headers: { authorization: `Token ${KEY}`, accept: "application/json", "apollo-require-preflight": "true" },
    });
  const overSocket = async (query: string) => (await client.ws.iterate({ query }).next()).value;
  const ways: Record<string, (name: string) => Promise<unknown>> = {
    Plain: (name) => post(url, KEY, { query: `query ${name} { jobs { name } }` }),
    Nautobot: (name) => post(url, KEY, { query: `query ${name} { jobs { name } }` }, "/api/graphql/"),
    Extended: (name) => post(url, KEY, { query: `query ${name} { jobs { name } }`, extensions: {} }),
    Get: (name) => get(search(`query ${name} { jobs { name } }`)),
    Change: (name) => post(url, KEY, { query: describeJob(name) }),
    Events: (name) => answersOf(url, KEY, { query: `query ${name} { jobs { name } }` }),
    EventsChange: (name) => answersOf(url, KEY, { query: describeJob(name) }),
    EventsGet: async (name) => {
      const path = search(`query ${name} { jobs { name } }`);
      for await (const _ of await openEventStream(url, KEY, undefined, { method: "GET", path }));
    },
    Socket: (name) => overSocket(`query ${name} { jobs { name } }`),
    SocketChange: (name) => overSocket(describeJob(name)),
  };
  for (const [name, send] of Object.entries(ways)) {
    await send(name);
    expect(seen.splice(0)).toEqual([[name, "admin", 0]]);
  }

  const refused = `query Refused { jobs(limit: -1) { name } }`;
  await post(url, KEY, { query: refused });
  const refusal = {
    errors: [{ path: ["jobs"], locations: [{ line: 1 }], extensions: { code: "BAD_USER_INPUT", details: [{}] } }],
  };
  expect(await answersOf(url, KEY, { query: refused })).toMatchObject([refusal]);
  expect(await overSocket(refused)).toMatchObject(refusal);
  expect(seen.splice(0)).toEqual(Array.from({ length: 3 }, () => ["Refused", "admin", 1]));
  await post(url, KEY, { query: "{ nothing }" });
  expect(seen.splice(0)).toEqual([[undefined, "admin", 1]]);

  // Apollo Server executes no subscriptions, and a plugin of it sees none.
  const { id } = await runToEnd(client, "a.A");
  seen.splice(0);
  expect(await client.followLog(id)).toMatchObject([{ message: "Hello" }]);
  const query = `subscription Followed { job_log_entries(job_result_id: "${id}") { message } }`;
  expect(await answersOf(url, KEY, { query })).toMatchObject([{ data: { job_log_entries: [{ message: "Hello" }] } }]);
  expect(seen).toEqual([]);
});

test("an operation that a plugin rejects is not executed, and the client is told why, however it comes", async () => {
  const plugin: Plugin = {
    async requestDidStart() {
      return {
        async didResolveOperation({ operation }) {
          if (operation?.operation === "mutation")
            throw new GraphQLError("Only reading, please.", { extensions: { code: "FORBIDDEN", http: { status: 403 } } });
        },
      };
    },
  };
  const { url, client } = await openTestApp(JOBS, {}, undefined, { plugins: [plugin] });
  const refusal = { errors: [{ message: "Only reading, please.", extensions: { code: "FORBIDDEN" } }] };
  const query = describeJob("Changed");
  expect(await post(url, KEY, { query })).toMatchObject({ status: 403, body: refusal });
  expect(await answersOf(url, KEY, { query })).toEqual([refusal]);
  expect((await client.ws.iterate({ query }).next()).value).toEqual(refusal);
  expect(await client.query("{ jobs { description } }")).toEqual({ jobs: [{ description: "" }] });
});

test.each([true, false])("a plugin sees each field that is resolved, with compiled execution: %s", async (compiledExecution) => {
  const seen: string[] = [];
  const plugin: Plugin = {
    async requestDidStart() {
      return {
        async executionDidStart() {
          return { willResolveField: ({ info }) => void seen.push(`${info.parentType.name}.${info.fieldName}`) };
        },
      };
    },
  };
  const { client } = await openTestApp(JOBS, { compiledExecution }, undefined, { plugins: [plugin] });
  const query = "{ jobs { name job_queues { name } } }";
  const fields = ["Query.jobs", "JobType.name", "JobType.job_queues", "JobQueueType.name"];
  for (let times = 0; times < 2; times++) {
    await client.query(query);
    expect(seen.splice(0).toSorted()).toEqual(fields.toSorted());
  }
});

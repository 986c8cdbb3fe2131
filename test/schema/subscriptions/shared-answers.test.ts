import { getNamedType, isObjectType } from "graphql";
import { expect, test } from "vitest";
import { createSchema } from "../../../src/schema/index.ts";
import { openTestApp, type TestApp } from "../../support/app.ts";
import type { TestClient } from "../../support/client.ts";
import { createPerson } from "../../support/people.ts";
import { databaseOf } from "../../support/rows.ts";
import { storeWorld } from "../../support/approvals/world.ts";

const schema = createSchema();

/** Every field of a type whose arguments have one that is personal, with the name of that. */
function personalFields(type: string): { field: string; argument: string }[] {
  const object = schema.getType(type);
  if (!isObjectType(object)) return [];
  return Object.values(object.getFields()).flatMap(({ name, args }) =>
    args.filter(({ extensions }) => extensions["isPersonal"]).map((arg) => ({ field: name, argument: arg.name })),
  );
}

const selectionOf = (type: string, field: string) => {
  const answer = String(getNamedType((schema.getType(type) as any).getFields()[field].type));
  return answer.endsWith("Connection") ? "{ total_count nodes { id } }" : "{ id }";
};

/** The first event of a subscription, for several clients at the same time. */
async function firstOf(
  clients: TestClient[],
  query: string,
  variables: Record<string, unknown>,
  change: () => Promise<unknown>,
): Promise<any[]> {
  const iterators = clients.map((client) => client.ws.iterate<any>({ query, variables }));
  const found: any[] = [];
  for (const [n, iterator] of iterators.entries()) void iterator.next().then(({ value }) => (found[n] = value));
  // Nothing announces that a subscription has begun, and it does not get changes from before.
  const told = async () => {
    await change();
    return found.filter(Boolean).length;
  };
  await expect.poll(told).toBe(clients.length);
  for (const iterator of iterators) void iterator.return!();
  return found.map(({ data, errors }) => {
    expect(errors).toBeUndefined();
    return data;
  });
}

async function setup(): Promise<{ app: TestApp; clients: TestClient[]; world: Awaited<ReturnType<typeof storeWorld>> }> {
  const app = await openTestApp({});
  const database = await databaseOf(app);
  const world = await storeWorld(database);
  // As a request that waits without a workflow: the staff may decide on it.
  await database.rows.deleteFrom("approval_workflow").execute();
  await database.rows.updateTable("scheduled_job").set({ state: "PENDING", user_id: null }).execute();
  const staff = await createPerson(app, { username: "staff", is_staff: true });
  const stranger = await createPerson(app, { username: "stranger" });
  return { app, world, clients: [staff.client, stranger.client] };
}

test("nested fields of a subscription are told to each user as a query would tell them", async () => {
  const { app, world, clients } = await setup();
  const nested = personalFields("JobType");
  expect(nested.length).toBeGreaterThan(1);
  const fields = nested
    .map(({ field, argument }, n) => `a${n}: ${field}(${argument}: true) ${selectionOf("JobType", field)}`)
    .join(" ");
  const byVariable = nested
    .map(({ field, argument }, n) => `a${n}: ${field}(${argument}: $is) ${selectionOf("JobType", field)}`)
    .join(" ");
  const change = () =>
    app.client.query(`mutation { update_job(id: "${world.job}", data: { description: "${Math.random()}" }) { id } }`);
  for (const [head, body, variables] of [
    ["", `jobs { name ${fields} }`, {}],
    ["($is: Boolean)", `jobs { name ${byVariable} }`, { is: true }],
    ["", `jobs { name ... on JobType { ${fields} } }`, {}],
    ["", `jobs { ...parts } } fragment parts on JobType { name ${fields}`, {}],
  ] as const) {
    const told = await firstOf(clients, `subscription ${head} { ${body} }`, variables, change);
    const asked = await Promise.all(clients.map((client) => client.query(`query ${head} { ${body} }`, variables)));
    expect(told).toEqual(asked);
    expect(told[0]).not.toEqual(told[1]);
  }
});

test("one event is one answer to all users who may see the same", async () => {
  const { app, world, clients } = await setup();
  const query = `subscription { jobs { name scheduled_jobs { name } job_results(status: "REVOKED") { status } } }`;
  const change = () =>
    app.client.query(`mutation { update_job(id: "${world.job}", data: { description: "${Math.random()}" }) { id } }`);
  const answers = await firstOf([app.client, ...clients], query, {}, change);
  const wanted = {
    jobs: [{ name: "Back up Genève", scheduled_jobs: [{ name: "Nightly" }], job_results: [{ status: "REVOKED" }] }],
  };
  expect(answers).toEqual([wanted, wanted, wanted]);
});

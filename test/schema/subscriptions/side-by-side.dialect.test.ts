import { isDeepStrictEqual } from "node:util";
import {
  getNamedType,
  getNullableType,
  type GraphQLObjectType,
  isLeafType,
  isListType,
  isObjectType,
  isRequiredArgument,
} from "graphql";
import { expect, test } from "vitest";
import type { Database } from "../../../src/entities/database.ts";
import { JobResult } from "../../../src/entities/index.ts";
import type { ModelShape } from "../../../src/entities/mapping/shape.ts";
import { newId } from "../../../src/entities/new-id.ts";
import { createSchema } from "../../../src/schema/index.ts";
import { KEY, openTestApp, type TestApp } from "../../support/app.ts";
import { storeWorld, type World } from "../../support/approvals/world.ts";
import { post } from "../../support/client.ts";
import { createTestClock } from "../../support/clock.ts";
import { createHalfViewer, moveHalfViewer } from "../../support/draws/half-viewers.ts";
import { allIds, type Ids, planTwins, SHAPES, storeTwins } from "../../support/draws/hidden-twins.ts";
import { databaseOf } from "../../support/rows.ts";
import { type Subscriber, subscribeBothWays } from "../../support/subscribers.ts";

/*
 * Users with different rights subscribe to the same operation at the same time, over sockets and event streams: two with different halves of all objects, one
 * who may view all objects of the subscription and half of those that they lead to, and one who may view everything. No answer that is shared among some of
 * them reaches another.
 */

const schema = createSchema();
const SUBSCRIPTIONS = Object.keys(schema.getSubscriptionType()!.getFields());

/** A half of the objects. */
interface Half {
  name: "left" | "right";
  ids: Ids;
}

/** An app with two halves, and a run that is in both. */
interface Place {
  app: TestApp;
  database: Database;
  world: World;
  halves: Record<Half["name"], Half>;
  /** Id of the run. */
  shared: string;
}

/** A subscription that is tried. */
interface Case {
  /** Its arguments, as GraphQL spells them. */
  args(place: Place): string;
  /** A list of all rows that it tells, without a selection. */
  list(place: Place): string;
  /** Changes objects of both halves, so that all followers are told; the n-th time. */
  change(place: Place, n: number): Promise<unknown>;
  /** Columns that tell of more than the object itself. */
  without?: readonly string[];
}

const EARLY = `since: "2001-01-01T00:00:00Z"`;
const AWAY = "2099-01-01T00:00:00Z";

/** Runs a mutation for each of an object of the left half, and its twin. */
async function ofBoth({ app, world, halves }: Place, which: keyof World, mutation: (id: string) => string): Promise<void> {
  const table = [...halves.left.ids].find(([, ids]) => ids.includes(world[which]))![0];
  const at = halves.left.ids.get(table)!.indexOf(world[which]);
  for (const { ids } of Object.values(halves)) await app.client.query(`mutation { ${mutation(ids.get(table)![at]!)} { id } }`);
}

/** Stores output of the shared run, of which each half has one row, and says that the run has changed. */
async function say({ app, database, shared }: Place, n: number): Promise<void> {
  const created = new Date().toISOString();
  const rows = (["left", "right"] as const).map((name, m) => ({
    id: newId(),
    job_result_id: shared,
    sequence: 2 * n + m + 1,
    text: `${name} ${n}`,
  }));
  await database.appendLines(
    rows.map(({ text: message, ...row }) => {
      return { ...row, message, created, log_level: "INFO", grouping: "main", log_object: "", absolute_url: "" };
    }),
  );
  await database.appendConsoleEntries(rows.map((row) => ({ ...row, timestamp: created, output_type: "STDOUT" })));
  await app.client.query(`mutation { update_job_result(id: "${shared}", data: { _custom_field_data: { n: ${n} } }) { id } }`);
}

const ofShared = ({ shared }: Place) => `job_result_id: "${shared}"`;

const CASES: Readonly<Record<string, Case>> = {
  job_log_entries: { args: ofShared, list: ({ shared }) => `job_log_entries(job_result: "${shared}")`, change: say },
  job_console_entries: { args: ofShared, list: ({ shared }) => `job_console_entries(job_result: "${shared}")`, change: say },
  job_result: { args: ({ shared }) => `id: "${shared}"`, list: ({ shared }) => `job_results(id: "${shared}")`, change: say },
  job_results: {
    args: () => EARLY,
    list: () => "job_results",
    async change(place, n) {
      await ofBoth(place, "run", (id) => `update_job_result(id: "${id}", data: { _custom_field_data: { n: ${n} } })`);
    },
  },
  jobs: {
    args: () => EARLY,
    list: () => "jobs",
    change: (place, n) => ofBoth(place, "job", (id) => `update_job(id: "${id}", data: { description: "${n}" })`),
  },
  scheduled_jobs: {
    args: () => EARLY,
    list: () => "scheduled_jobs",
    change: (place, n) => ofBoth(place, "schedule", (id) => `${n % 2 ? "pause" : "resume"}_scheduled_job(id: "${id}")`),
  },
  object_changes: {
    args: () => EARLY,
    list: () => "object_changes",
    // An object that has to do with a change is told with it.
    without: ["related_object_id"],
    change: (place, n) => ofBoth(place, "tag", (id) => `update_tag(id: "${id}", data: { description: "${n}" })`),
  },
};

/** Constraints of a half's objects; also of those that are stored later. */
const constraintsOf =
  ({ name, ids }: Half, shared: string) =>
  ({ table }: ModelShape) => {
    const own = { id__in: [...ids.get(table)!, ...(table === "job_result" ? [shared] : [])] };
    if (table === "job_log_entry") return [own, { message__isw: name }];
    if (table === "job_console_entry") return [own, { text__isw: name }];
    if (table === "object_change") return { changed_object_id__in: ids.get("tag")! };
    return own;
  };

/** Those of the right half, but for all rows that a subscription sends. */
const constraintsOfMost = (place: Place, sent: ModelShape) => (shape: ModelShape) =>
  [sent.table, "job_result"].includes(shape.table) ? null : constraintsOf(place.halves.right, place.shared)(shape);

async function setup(sent: ModelShape) {
  const clock = createTestClock();
  const app = await openTestApp({}, { maxQueryCost: 1e9 }, clock);
  const database = await databaseOf(app);
  const world = await storeWorld(database);
  const { rows } = database;
  await rows.updateTable("scheduled_job").set({ state: "ACTIVE", next_run_at: AWAY, start_time: AWAY }).execute();
  // Twins of these would name the objects themselves, and not their twins.
  await rows.deleteFrom("object_change").execute();
  const left: Half = { name: "left", ids: await allIds(database) };
  const twins = await planTwins(database, left.ids);
  await storeTwins(database, left.ids, twins);
  const ofTwins = [...left.ids].map(([table, ids]) => [table, ids.map((id) => twins.ids.get(id)!)] as const);
  const right: Half = { name: "right", ids: new Map(ofTwins) };
  const em = database.fork();
  const values = { name: "Shared", awaitsApproval: true, jobModel: world.job, scheduledJob: right.ids.get("scheduled_job")![0] };
  const shared = em.create(JobResult, values as never, { partial: true }).id;
  await em.flush();
  const place: Place = { app, database, world, halves: { left, right }, shared };
  await say(place, 0);
  await CASES["object_changes"]!.change(place, 0);
  const keys = {
    left: await createHalfViewer(database, "left", constraintsOf(left, shared)),
    right: await createHalfViewer(database, "right", constraintsOf(right, shared)),
    most: await createHalfViewer(database, "most", constraintsOfMost(place, sent)),
    all: KEY,
  };
  return { ...place, keys, clock };
}

/** All that has a value of its own, and the ids of all that it leads to, and of all that a single object of that leads to. */
function selectionOf(type: GraphQLObjectType, without: readonly string[] = [], levels = 2): string {
  const parts = Object.values(type.getFields()).flatMap((field) => {
    const named = getNamedType(field.type);
    if (field.args.some(isRequiredArgument) || without.includes(field.name)) return [];
    // Records of what was, and inputs of jobs, are told as they are.
    if (isLeafType(named)) return named.name === "GenericScalar" || (levels < 2 && field.name !== "id") ? [] : [field.name];
    if (!isObjectType(named)) return [];
    if (named.name.endsWith("Connection")) return levels < 2 ? [] : [`${field.name} { total_count nodes { id } }`];
    if (!("id" in named.getFields())) return [`${field.name} { __typename }`];
    const isOne = !isListType(getNullableType(field.type));
    // An object that is told does not change with each list below it.
    if (levels < 2 && !isOne) return [];
    return [`${field.name} ${isOne && levels > 1 ? selectionOf(named, [], levels - 1) : "{ id }"}`];
  });
  return `{ ${parts.join(" ")} }`;
}

test("each subscription is tried, and nothing else", () => {
  expect(Object.keys(CASES).toSorted()).toEqual(SUBSCRIPTIONS.toSorted());
});

test.for(SUBSCRIPTIONS)("users with different rights are told what each may view, side by side: %s", async (field) => {
  const { args, list: listOf, change, without } = CASES[field]!;
  const type = getNamedType(schema.getSubscriptionType()!.getFields()[field]!.type) as GraphQLObjectType;
  const sent = SHAPES.find(({ model }) => `${(model as { name: string }).name}Type` === type.name)!;
  const { keys, clock, ...place } = await setup(sent);
  const { app, halves, shared, database } = place;
  const selection = selectionOf(type, without);
  const query = `subscription { ${field}(${args(place)}) ${selection} }`;
  const single = Object.values(schema.getQueryType()!.getFields()).find((asked) => getNullableType(asked.type) === type)!;

  const subscribe = (key: string) => subscribeBothWays(app.url, key, query, field);
  const subscribers = {
    left: await subscribe(keys.left),
    right: await subscribe(keys.right),
    most: await subscribe(keys.most),
    all: await subscribe(keys.all),
  };
  const ask = async (who: keyof typeof subscribers, asked: string) =>
    (await post(app.url, keys[who], { query: `{ rows: ${asked} }` })).body.data.rows;
  /** Waits until a user was told all rows, each as a query by its id tells it. */
  const settle = async (who: keyof typeof subscribers, list: readonly Subscriber[] = subscribers[who]) => {
    for (const { told } of list)
      await expect
        .poll(
          async () => {
            const listed: { id: string }[] = await ask(who, `${listOf(place)} { id }`);
            const unlisted = told.keys().filter((id) => !listed.some((row) => row.id === id));
            const untold: unknown[] = [...unlisted];
            for (const { id } of listed)
              if (!isDeepStrictEqual(told.get(id), await ask(who, `${single.name}(id: "${id}") ${selection}`))) untold.push(id);
            return listed.length > 0 ? untold : "nothing";
          },
          { message: `the ${who} user was told something else than a query tells` },
        )
        .toEqual([]);
  };
  let changes = 0;
  const changeOnce = () => change(place, ++changes);
  const idsOf = ([{ told }]: [Subscriber, Subscriber]) => [...told.keys()].toSorted();
  const told = async () => {
    await Promise.all((["left", "right", "most", "all"] as const).map((who) => settle(who)));
  };
  /** No id of the other half is in anything that came. */
  const areApart = (list: readonly Subscriber[], other: Half) => {
    const ids = [...other.ids.values()].flat();
    for (const { text } of list) expect(ids.filter((id) => text().includes(id))).toEqual([]);
  };

  // The first answer tells that a subscription has begun.
  await told();
  const before = Object.fromEntries(Object.entries(subscribers).map(([who, list]) => [who, list.map((s) => s.text().length)]));
  await changeOnce();
  for (const [who, list] of Object.entries(subscribers))
    for (const [n, { text }] of list.entries())
      await expect.poll(() => text().length, { message: `${who} was not told of a change` }).toBeGreaterThan(before[who]![n]!);
  await told();
  const [left, right, all] = [subscribers.left, subscribers.right, subscribers.all].map(idsOf) as [string[], string[], string[]];
  expect(left.filter((id) => right.includes(id))).toEqual(field.startsWith("job_result") ? [shared] : []);
  expect(all).toEqual(expect.arrayContaining([...left, ...right]));
  expect(idsOf(subscribers.most)).toEqual(all);
  expect([...subscribers.most[0]!.told.values()]).not.toEqual([...subscribers.all[0]!.told.values()]);
  areApart(subscribers.left, halves.right);
  areApart(subscribers.right, halves.left);

  // The left user becomes one of the right half.
  await moveHalfViewer(database, "left", constraintsOf(halves.right, shared));
  clock.advance(5000);
  expect(await subscribers.left[0]!.ended).toBe("4410");
  expect(await subscribers.left[1]!.ended).not.toBe("complete");
  const moved = await subscribe(keys.left);
  await settle("left", moved);
  await changeOnce();
  await settle("left", moved);
  await settle("right");
  await settle("most");
  await settle("all");
  expect(idsOf(moved)).toEqual(idsOf(subscribers.right));
  areApart(moved, halves.left);
  areApart(subscribers.right, halves.left);
});

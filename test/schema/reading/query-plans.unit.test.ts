import { ALL_RIGHTS, type Rights } from "../../../src/access/rights.ts";
import { graphql, parse } from "graphql";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { loadConfig } from "../../../src/config.ts";
import { type Database, openDatabase } from "../../../src/entities/database.ts";
import { rowCondition } from "../../../src/entities/constraint-sql.ts";
import { PrunableKind } from "../../../src/entities/choices.ts";
import { JobResult, MODELS } from "../../../src/entities/index.ts";
import { type ModelShape, shapeOf } from "../../../src/entities/mapping/shape.ts";
import { createFileStore } from "../../../src/runner/outputs/files.ts";
import { prune } from "../../../src/runner/runs/prune.ts";
import { createScheduler } from "../../../src/runner/schedules/scheduler.ts";
import { createContext } from "../../../src/schema/context.ts";
import { createSchema } from "../../../src/schema/index.ts";
import type { ListField } from "../../../src/schema/reading/list-arguments.ts";
import { createCosts } from "../../../src/schema/price/costs.ts";
import { freshDatabaseUrl } from "../../support/database.ts";
import { fillModels } from "../../support/draws/fill.ts";
import { recorder } from "../../support/recorder.ts";

/** Tables that grow as long as the server runs; the others have as many rows as people make. */
const GROWING = /^(file_proxy|job_console_entry|job_log_entry|job_result|note|object_change)$/;

/** A sort of the whole; ties of the last key alone (`FOR LAST TERM`) cost nothing that grows. */
const SORT = /TEMP B-TREE FOR ORDER BY/;

const NOBODY = "00000000-0000-7000-8000-000000000000";
const schema = createSchema();

/** The database, which says how it would run each statement that reads. */
function explain(database: Database): { explaining: Database; plans: string[] } {
  const plans: string[] = [];
  const explaining: Database = {
    ...database,
    async read(statement) {
      const explained = await database.read({ ...statement, sql: `explain query plan ${statement.sql}` });
      plans.push(explained.map((step) => step["detail"]).join("; "));
      return database.read(statement);
    },
  };
  return { explaining, plans };
}

/** Returns SQLite's plan for each statement of an operation. PostgreSQL plans by the size of tables, so its plans for small ones say nothing. */
async function plansOf(database: Database, source: string, rights = ALL_RIGHTS): Promise<string[]> {
  const { explaining, plans } = explain(database);
  const viewer = { id: NOBODY, username: "tester", isStaff: true, isSuperuser: true, rights };
  const contextValue = createContext(
    { database: explaining, runner: undefined as never, limits: { ...loadConfig({}), maxPageSize: 10_000 } },
    viewer,
  );
  expect((await graphql({ schema, source, contextValue })).errors).toBeUndefined();
  return plans;
}

test("indexes serve every default order, at the root, and below where tables grow", async () => {
  const database = await openDatabase(await freshDatabaseUrl());
  await fillModels(database, 50);
  await sql`analyze`.execute(database.rows);
  const sorts: string[] = [];
  for (const model of MODELS) {
    const root = Object.entries(schema.getQueryType()!.getFields()).find(([, field]) => {
      const { listOf, as } = field.extensions as Partial<ListField>;
      return listOf === model && as === "list";
    });
    if (!root) continue;
    const [plan] = await plansOf(database, `{ ${root[0]}(limit: 5) { id } }`);
    if (SORT.test(plan!)) sorts.push(`${root[0]}: ${plan}`);
    for (const [name, { through, target }] of shapeOf(model).many) {
      // Objects that are linked through a table between are found by their links, and sorted.
      if (through || !GROWING.test(shapeOf(target()).table)) continue;
      const plans = await plansOf(database, `{ ${root[0]}(limit: 1) { ${name}(limit: 5) { id } } }`);
      if (plans[1] && (SORT.test(plans[1]) || /SCAN(?! owner)/.test(plans[1]))) sorts.push(`${root[0]}.${name}: ${plans[1]}`);
    }
  }
  expect(sorts).toEqual([]);
  await database.close();
});

/** Names that a model's lists can be sorted by: alone, in pairs, and as its indexes have them; in one direction each, and mixed. */
function sortsOf({ columns, one, sorted }: ModelShape): string[][] {
  const nameOf = (column: string) => [...one].find(([, reference]) => reference.column === column)?.[0] ?? column;
  const names = [...[...columns].filter(([, { kind }]) => kind !== "json").map(([name]) => name), ...one.keys()];
  const groups = [
    ...names.map((name) => [name]),
    ...names.map((name, n) => [name, names[(n + 1) % names.length]!]),
    ...sorted.map((group) => group.map(nameOf)).filter((group) => group.every((name) => names.includes(name))),
  ];
  const back = (name: string) => `-${name}`;
  return groups.flatMap((group) => [group, group.map(back), group.map((name, n) => (n === 0 ? name : back(name)))]);
}

test("a sort has a price where no index serves it, and none where one does: at the root, and below where tables grow", async () => {
  const database = await openDatabase(await freshDatabaseUrl());
  await fillModels(database, 50);
  await sql`analyze`.execute(database.rows);
  const estimateRows = async () => new Map([...(await database.estimateRows()).keys()].map((table) => [table, 1_000_000]));
  const costOf = createCosts(schema, { ...database, estimateRows }, loadConfig({}));
  const wrong: string[] = [];
  let [served, unserved] = [0, 0];
  for (const model of MODELS) {
    const root = Object.entries(schema.getQueryType()!.getFields()).find(([, field]) => {
      const { listOf, as } = field.extensions as Partial<ListField>;
      return listOf === model && as === "list";
    });
    if (!root) continue;
    const lists = sortsOf(shapeOf(model)).map((sort) => `{ ${root[0]}(limit: 1, sort: ${JSON.stringify(sort)}) { id } }`);
    for (const [name, { through, target }] of shapeOf(model).many) {
      if (through || !GROWING.test(shapeOf(target()).table)) continue;
      for (const sort of sortsOf(shapeOf(target())))
        lists.push(`{ ${root[0]}(limit: 1) { ${name}(limit: 1, sort: ${JSON.stringify(sort)}) { id } } }`);
    }
    for (const list of lists) {
      const plan = (await plansOf(database, list)).at(-1)!;
      const price =
        (await costOf({ document: parse(list) })) - (await costOf({ document: parse(list.replace(/, sort: \[.*?\]/, "")) }));
      if (SORT.test(plan) && price === 0) wrong.push(`no price: ${list}: ${plan}`);
      if (!plan.includes("ORDER BY") && price > 0) wrong.push(`${price} for nothing: ${list}: ${plan}`);
      if (price > 0) unserved++;
      else served++;
    }
  }
  expect(wrong).toEqual([]);
  expect(served).toBeGreaterThan(100);
  expect(unserved).toBeGreaterThan(100);
  await database.close();
});

test.for([
  `job_results(status: "FAILURE", limit: 5)`,
  `job_results(job_model: "x1", limit: 5)`,
  `job_results(date_created__gte: "2026-01-01", limit: 5)`,
  `job_results(user: "x1", limit: 5)`,
  `job_results(scheduled_job: "x1", limit: 5)`,
  `job_log_entries(job_result: "${NOBODY}", sequence__gt: 5, limit: 5)`,
  `jobs(name: "x1")`,
  `jobs(class_path: "x1.x1")`,
  `jobs(class_path: ["x1.x1", "x2.x2"], limit: 5)`,
  `job_queues(name: "x1")`,
  `scheduled_jobs(job_model: "x1", limit: 5)`,
  `job_hooks(job: "x1")`,
  `object_changes(changed_object_id: "${NOBODY}", limit: 5)`,
  `object_changes(request_id: "${NOBODY}", limit: 5)`,
  `notes(assigned_object_id: "${NOBODY}", limit: 5)`,
])("an index serves the common filter %s", async (list) => {
  const database = await openDatabase(await freshDatabaseUrl());
  await fillModels(database, 2);
  const plans = await plansOf(database, `{ ${list} { id } }`);
  // Names are looked up first.
  expect(plans.at(-1)).not.toMatch(/SCAN (?!owner|json_each)/);
  await database.close();
});

/** Rights of a user who may view all but results, and of those the ones that fit constraints. */
function viewingResults(constraints: object): Rights {
  const restriction = Object.assign(rowCondition(JobResult, constraints, NOBODY), { key: "some", isNone: false });
  return { ...ALL_RIGHTS, key: "some", restrict: (_, model) => (model === JobResult ? restriction : undefined) };
}

test.for<[constraints: object, plan: RegExp]>([
  // Many objects may fit: they come in their order until there are enough.
  [[{ user: "$user" }, { status: "FAILURE" }], /^SCAN job_result USING INDEX job_result_date_created_id_index(?!.*TEMP)/],
  [{ status__in: ["FAILURE", "SUCCESS"] }, /^SCAN job_result USING INDEX job_result_date_created_id_index(?!.*TEMP)/],
  [
    { job_model: NOBODY, status__in: ["FAILURE"] },
    /^SEARCH job_result USING INDEX job_result_job_model_id\S+ \(job_model_id=\?\)(?!.*TEMP)/,
  ],
  [
    { job_model__in: [NOBODY, NOBODY.replace("7", "4")] },
    /^SCAN job_result USING INDEX job_result_date_created_id_index(?!.*TEMP)/,
  ],
  // An index has the few that fit.
  [{ user: "$user" }, /^SEARCH job_result USING INDEX job_result_user_id_date_created_index/],
  [{ id__in: [NOBODY, NOBODY.replace("7", "4")] }, /^SEARCH job_result USING INDEX sqlite_autoindex_job_result_1/],
])("of objects that permissions allow by %j, the newest are found without looking at all", async ([constraints, plan]) => {
  const database = await openDatabase(await freshDatabaseUrl());
  expect(await plansOf(database, `{ job_results(limit: 5) { id } }`, viewingResults(constraints))).toEqual([
    expect.stringMatching(plan),
  ]);
  await database.close();
});

test.for(Object.values(PrunableKind))("indexes find old rows: %s", async (kind) => {
  const database = await openDatabase(await freshDatabaseUrl());
  await fillModels(database, 50);
  await database.rows.deleteFrom("job_hook_delivery").execute();
  await sql`analyze`.execute(database.rows);
  const { explaining, plans } = explain(database);
  const files = createFileStore({ database, recorder, root: "/nowhere", maxBytes: 0, maxRunBytes: 0, maxRunFiles: 0 });
  for (const dryRun of [true, false])
    await prune({ database: explaining, files }, { kind, before: new Date("2100-01-01"), limit: 20, dryRun, after: undefined });
  expect(plans.filter((plan) => SORT.test(plan) || /SCAN (?!(owner|json_each|CONSTANT ROW))/.test(plan))).toEqual([]);
  expect(plans.length).toBeGreaterThan(1);
  await database.close();
});

test("an index finds due schedules, and the next one", async () => {
  const database = await openDatabase(await freshDatabaseUrl());
  await fillModels(database, 50);
  await database.rows.updateTable("scheduled_job").set({ state: "DENIED" }).execute();
  await sql`analyze`.execute(database.rows);
  const { explaining, plans } = explain(database);
  const scheduler = createScheduler({
    database: explaining,
    clock: { now: () => Date.now(), wakeAt: () => () => undefined },
  } as unknown as Parameters<typeof createScheduler>[0]);
  scheduler.wake();
  await expect.poll(() => plans.length).toBe(2);
  await scheduler.close();
  expect(plans.filter((plan) => SORT.test(plan) || /SCAN/.test(plan))).toEqual([]);
  await database.close();
});

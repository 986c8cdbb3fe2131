import { joinGroups } from "../support/people.ts";
import { readdir, writeFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hashKey } from "../../src/access/authenticate.ts";
import { ensureContentTypes } from "../../src/entities/content-types.ts";
import type { Database } from "../../src/entities/database.ts";
import {
  ContentType,
  FileProxy,
  JobHook,
  JobHookDelivery,
  ObjectChange,
  Token,
  User,
  Job,
  JobResult,
} from "../../src/entities/index.ts";
import { newId } from "../../src/entities/new-id.ts";
import type { DataOf } from "../support/documents.ts";
import { openTestApp, SYSTEM_JOBS, type TestApp } from "../support/app.ts";
import { createClient } from "../support/client.ts";
import { cancel, finished, startAndHear } from "../support/control.ts";
import { databaseOf, storeRun } from "../support/rows.ts";
import { runToEnd } from "../support/runs.ts";

const CLEANUP = "jobgraph.logs_cleanup.LogsCleanup";
const DAY_MS = 24 * 60 * 60 * 1000;
const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS);

const TABLES = ["job_result", "job_log_entry", "job_console_entry", "file_proxy", "object_change"] as const;

/** Returns the numbers of rows, without those of the cleanup's own runs. */
async function countAll(database: Database): Promise<Record<(typeof TABLES)[number], number>> {
  const own = database.rows.selectFrom("job_result").select("id").where("name", "=", "Logs Cleanup");
  const counts = TABLES.map(async (table) => {
    let query = database.rows.selectFrom(table).select((select) => select.fn.countAll().as("count"));
    if (table === "object_change") query = query.where("user_name", "=", "old");
    else query = query.where(table === "job_result" ? "id" : "job_result_id", "not in", own);
    return [table, Number((await query.executeTakeFirstOrThrow()).count)] as const;
  });
  return Object.fromEntries(await Promise.all(counts)) as Record<(typeof TABLES)[number], number>;
}

/** Three runs of each age in days, each with four lines, two console entries and a file; and a change of each age. */
async function storeHistory(app: TestApp, database: Database, ages: readonly number[]): Promise<void> {
  await mkdir(app.config.filesRoot, { recursive: true });
  await ensureContentTypes(database);
  const em = database.fork();
  const tag = await em.findOneOrFail(ContentType, { label: "extras.tag" });
  for (const age of ages) {
    for (const status of ["SUCCESS", "FAILURE", "REVOKED"] as const) {
      const run = await storeRun(database, { status, dateDone: daysAgo(age) }, [{}, {}, {}, {}]);
      await database.appendConsoleEntries(
        [1, 2].map((sequence) => ({
          id: newId(),
          job_result_id: run,
          sequence,
          timestamp: daysAgo(age).toISOString(),
          output_type: "STDOUT" as const,
          text: "x",
        })),
      );
      const file = em.create(
        FileProxy,
        { name: "a.txt", size: 1, jobResult: em.getReference(JobResult, run) },
        { partial: true },
      );
      await writeFile(join(app.config.filesRoot, file.id), "x");
    }
    em.create(
      ObjectChange,
      {
        time: daysAgo(age),
        userName: "old",
        requestId: newId(),
        action: "UPDATE",
        changedObjectType: tag,
        changedObjectId: newId(),
        objectRepr: "t",
      },
      { partial: true },
    );
  }
  await em.flush();
}

async function setup(ages: readonly number[]) {
  const app = await openTestApp({}, SYSTEM_JOBS);
  const database = await databaseOf(app);
  await storeHistory(app, database, ages);
  return { app, database, client: app.client };
}

describe("Logs Cleanup", () => {
  test("each kind has its own age; a kind without one is left alone", async () => {
    const { app, client, database } = await setup([400, 100, 40, 1]);
    const before = await countAll(database);
    expect(before).toEqual({ job_result: 12, job_log_entry: 48, job_console_entry: 24, file_proxy: 12, object_change: 4 });
    const nothing = await runToEnd(client, CLEANUP, { job_results_max_age: null });
    expect([nothing.status, nothing.lines.map(({ message }) => message)]).toEqual([
      "SUCCESS",
      ["No max age is given, so there is nothing to delete"],
    ]);
    const ages = {
      job_results_max_age: 365,
      job_log_entries_max_age: 90,
      job_console_entries_max_age: 30,
      object_changes_max_age: 30,
    };
    const dry = await runToEnd(client, CLEANUP, ages, true);
    expect(dry.status).toBe("SUCCESS");
    expect(dry.result.found).toMatchObject({
      "job results": { job_results: 3, job_log_entries: 12, job_console_entries: 6, files: 3 },
      "log entries": { job_log_entries: 24, job_results: 0 },
      "console entries": { job_console_entries: 18, job_results: 0 },
      "entries of the change log": { object_changes: 3 },
    });
    expect(await countAll(database)).toEqual(before);

    const run = await runToEnd(client, CLEANUP, ages);
    expect(run).toMatchObject({
      status: "SUCCESS",
      result: { deleted: { job_results: 3, job_log_entries: 24, job_console_entries: 18, files: 3, object_changes: 3 } },
    });
    expect(run.lines.map(({ log_level, message }) => `${log_level} ${message.replace(/\d{4}-.*/, "…")}`)).toEqual([
      "INFO 3 object changes from before …",
      "SUCCESS 3 rows are deleted",
      "INFO 18 job console entries from before …",
      "SUCCESS 18 rows are deleted",
      "INFO 24 job log entries from before …",
      "SUCCESS 24 rows are deleted",
      "INFO 3 job results, 3 files from before …",
      "SUCCESS 6 rows are deleted",
    ]);
    expect(await countAll(database)).toEqual({
      job_result: 9,
      job_log_entry: 24,
      job_console_entry: 6,
      file_proxy: 9,
      object_change: 1,
    });
    expect(await readdir(app.config.filesRoot)).toHaveLength(9);
    expect((await runToEnd(client, CLEANUP, ages)).result.deleted).toMatchObject({
      job_results: 0,
      job_log_entries: 0,
      object_changes: 0,
    });
  });

  test("a run that has not ended is never deleted, nor is its log; nor a change whose hook is still to run", async () => {
    const { client, database } = await setup([1]);
    for (const status of ["PENDING", "STARTED", "RETRY"] as const)
      await storeRun(database, { name: "open", status, dateCreated: daysAgo(500), dateDone: daysAgo(400), taskName: "x" }, [{}]);
    const em = database.fork();
    const hook = em.create(
      JobHook,
      { name: "H", job: await em.findOneOrFail(Job, { name: "Refresh Jobs" }), enabled: false },
      { partial: true },
    );
    em.create(
      JobHookDelivery,
      { id: newId(), jobHook: hook, objectChange: await em.findOneOrFail(ObjectChange, { userName: "old" }) },
      { partial: true },
    );
    await em.flush();
    const zero = { job_results_max_age: 0, job_log_entries_max_age: 0, object_changes_max_age: 0 };
    expect(await runToEnd(client, CLEANUP, zero)).toMatchObject({ status: "SUCCESS" });
    expect(await countAll(database)).toMatchObject({ job_result: 3, job_log_entry: 3, object_change: 1 });
  });

  test("a cleanup that is stopped in the middle keeps its work, and the next goes on", async () => {
    const { client, database } = await setup([]);
    const lines = Array.from({ length: 4000 }, () => ({}));
    for (let n = 0; n < 20; n++) await storeRun(database, { dateDone: daysAgo(50 + n) }, lines);
    const id = await startAndHear(client, CLEANUP, "data: { job_results_max_age: 30 }");
    const count = database.rows.selectFrom("job_log_entry").select(({ fn }) => fn.countAll().as("count"));
    const isBegun = async () => Number((await count.executeTakeFirstOrThrow()).count) < 80_000;
    await expect.poll(isBegun, { interval: 1 }).toBe(true);
    await cancel(client, id);
    const stopped = await finished(client, id);
    expect(stopped.status).toBe("REVOKED");
    const said = stopped.job_log_entries.find(({ message }) => message.startsWith("Stopped"));
    const [, done] = /^Stopped: (\d+) of 80020 rows/.exec(said!.message)!;
    const left = await countAll(database);
    expect(left.job_log_entry).toBeGreaterThan(0);
    expect(80_020 - left.job_log_entry - left.job_result).toBeGreaterThanOrEqual(Number(done));
    const again = await runToEnd(client, CLEANUP, { job_results_max_age: 30 });
    expect(again.result.deleted).toMatchObject({ job_log_entries: left.job_log_entry, job_results: left.job_result });
    expect(await countAll(database)).toMatchObject({ job_log_entry: 0, job_result: 0 });
  });

  test("is for users who may prune, as the mutation is", async () => {
    const { app, database } = await setup([50]);
    const em = database.fork();
    for (const [username, isStaff] of [
      ["eve", false],
      ["sam", true],
    ] as const) {
      const user = em.create(User, { username, isStaff }, { partial: true });
      await joinGroups(em, user, [isStaff ? "Administrators" : "Operators"]);
      em.create(Token, { user, keyHash: hashKey(`${username}-key`), description: "" }, { partial: true });
    }
    await em.flush();
    const eve = createClient(app.url, "eve-key");
    const run = await runToEnd(eve, CLEANUP, { job_results_max_age: 30 });
    const message = "You need the permission extras.prune_jobresult.";
    expect(run).toMatchObject({ status: "FAILURE", error: { type: "GraphQLRequestError", message } });
    const refused = await eve.refused(`mutation { prune_records(kind: JOB_RESULTS, before: "2026-01-01T00:00:00Z") { cursor } }`);
    expect(refused).toMatchObject({ message, extensions: { code: "FORBIDDEN" } });
    expect((await countAll(database)).job_result).toBe(4 - 1);
    const sam = createClient(app.url, "sam-key");
    expect(await runToEnd(sam, CLEANUP, { job_results_max_age: 30 })).toMatchObject({ status: "SUCCESS" });
    expect((await countAll(database)).job_result).toBe(0);
    eve.close();
    sam.close();
  });
});

describe("prune_records", () => {
  const PRUNE = `mutation ($kind: PrunableKind!, $limit: Int, $after: String, $dry: Boolean) {
    prune_records(kind: $kind, before: "2100-01-01T00:00:00Z", limit: $limit, after: $after, dry_run: $dry) {
      job_results job_log_entries job_console_entries files object_changes cursor } }`;

  test.for([1, 2, 3, 5, 7, 100])("batches of %i delete all, each no more than it may", async (limit) => {
    const { client, database } = await setup([30, 30, 10]);
    for (const kind of ["JOB_LOG_ENTRIES", "OBJECT_CHANGES", "JOB_RESULTS"]) {
      let after: string | null = null;
      let most = 0;
      do {
        const data: DataOf<typeof PRUNE> = await client.query(PRUNE, {
          kind,
          limit: kind === "OBJECT_CHANGES" ? Math.max(limit, 10) : limit,
          after,
        });
        const { cursor, files: _, ...counts } = data.prune_records;
        most = Math.max(
          most,
          Object.values(counts).reduce((sum, count) => sum + count, 0),
        );
        after = cursor;
      } while (after !== null);
      if (kind !== "OBJECT_CHANGES") expect(most).toBeLessThanOrEqual(limit);
    }
    expect(await countAll(database)).toEqual({
      job_result: 0,
      job_log_entry: 0,
      job_console_entry: 0,
      file_proxy: 0,
      object_change: 0,
    });
  });

  test("arguments that cannot be are refused", async () => {
    const { client } = await setup([]);
    for (const [variables, field] of [
      [{ limit: 0 }, "limit"],
      [{ limit: 10_001 }, "limit"],
      [{ after: "nowhere" }, "after"],
    ] as const) {
      const refused = await client.refused(PRUNE, { kind: "JOB_RESULTS", limit: 10, ...variables });
      expect(refused.extensions).toMatchObject({ code: "BAD_USER_INPUT", details: [{ field }] });
    }
  });
});

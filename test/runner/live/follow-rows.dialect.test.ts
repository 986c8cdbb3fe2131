import { sql, type SqlBool } from "kysely";
import { expect, test } from "vitest";
import { type Database, openDatabase } from "../../../src/entities/database.ts";
import { createMemoryBroker } from "../../../src/runner/messaging/brokers/memory.ts";
import { createRowFollowers } from "../../../src/runner/live/follow-rows.ts";
import { createRowWriter } from "../../../src/runner/outputs/row-writer.ts";
import { ownLine } from "../../../src/runner/sandbox/own-line.ts";
import type { SaidLine } from "../../../src/runner/sandbox/sandbox.ts";
import { freshDatabaseUrl } from "../../support/database.ts";
import { storeLines } from "../../support/lines.ts";
import { recorder } from "../../support/recorder.ts";
import { storeHeldRun } from "../../support/rows.ts";

test("a follower of some of the lines is given each once, however many others come between them", async () => {
  const database = await openDatabase(await freshDatabaseUrl());
  const broker = createMemoryBroker();
  const hold = await storeHeldRun(database);
  const id = hold.job_result_id;
  const follow = createRowFollowers({ database, broker });
  const append = createRowWriter<SaidLine>(database.appendLines, "lines", { broker, recorder }).open(hold, 0);
  const say = (level: "ERROR" | "INFO") => append([ownLine(level, level, 0)]);
  const condition = sql<SqlBool>`job_log_entry.log_level = 'ERROR'`;
  const followers = [1, 2].map(() =>
    follow({ kind: "job_log_entry", jobResultId: id, afterSequence: 0, where: { key: "errors", condition } }),
  );
  const given: number[][] = [[], []];
  const followed = followers.map(async (follower, n) => {
    for await (const rows of follower) {
      given[n]!.push(...rows.map(({ sequence }) => sequence));
    }
  });
  for (let n = 1; n <= 3; n++) {
    await say("INFO");
    await say("ERROR");
    await say("INFO");
  }
  await database.rows.updateTable("job_result").set({ status: "SUCCESS" }).where("id", "=", id).execute();
  broker.notify(`result:${id}`);
  await Promise.all(followed);
  expect(given).toEqual([
    [2, 5, 8],
    [2, 5, 8],
  ]);
  await database.close();
});

test("a follower of few of many lines looks at a part of them at a time", async () => {
  const database = await openDatabase(await freshDatabaseUrl());
  const id = await storeLines(
    database,
    Array.from({ length: 12_001 }, (_, n) => `line ${n + 1}`),
  );
  await database.rows.updateTable("job_result").set({ status: "SUCCESS" }).where("id", "=", id).execute();
  const looked: unknown[] = [];
  const reading: Database = {
    ...database,
    read(statement, bounds) {
      if (statement.sql.includes("12001")) looked.push(bounds);
      return database.read(statement, bounds);
    },
  };
  const follow = createRowFollowers({ database: reading, broker: createMemoryBroker() });
  const condition = sql<SqlBool>`job_log_entry.message = 'line 12001'`;
  const given: number[] = [];
  for await (const rows of follow({
    kind: "job_log_entry",
    jobResultId: id,
    afterSequence: 0,
    where: { key: "last", condition },
  }))
    given.push(...rows.map(({ sequence }) => sequence));
  expect(given).toEqual([12_001]);
  // The server's own, which nothing refuses.
  expect(looked).toEqual([undefined, undefined, undefined]);
  await database.close();
});

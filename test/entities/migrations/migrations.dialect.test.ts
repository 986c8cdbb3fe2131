import { expect, test } from "vitest";
import { openDatabase } from "../../../src/entities/database.ts";
import { ofAnyTable } from "../../../src/entities/tables.ts";
import { openTestApp } from "../../support/app.ts";
import { createTestClock } from "../../support/clock.ts";
import { finished, reaches, read, start } from "../../support/control.ts";
import { freshDatabaseUrl } from "../../support/database.ts";
import { databaseOf } from "../../support/rows.ts";

test("the migrations make just the tables that the models describe", async () => {
  const database = await openDatabase(await freshDatabaseUrl());
  expect(await database.pendingSchemaChanges()).toBe("");
  expect(await database.migrate()).toEqual([]);
  await database.close();
});

const JOBS = {
  "jobs.ts": `
const job = (name, run, more) => defineJob({ name, enabled: true, run, ...more });
export const Fails = job("Fails", () => { throw new RangeError('no "site" — é'); });
export const Tries = job("Tries", () => { throw new Error("not yet"); }, { retry: { limit: 1, backoff: 10 } });
export const Returns = job("Returns", () => ({ exc_type: "Error", exc_message: "mine" }));
export const Speaks = job("Speaks", () => "exc_message");
`,
};

test("failures that were stored as a type and a text become as others are, and nothing else does", async () => {
  const first = await openTestApp(JOBS, {}, createTestClock());
  const { client } = first;
  const ended = [];
  for (const job of ["Fails", "Returns", "Speaks"]) ended.push(await finished(client, await start(client, `jobs.${job}`)));
  const waiting = await reaches(client, await start(client, "jobs.Tries"), "RETRY");
  expect(ended.map(({ status }) => status)).toEqual(["FAILURE", "SUCCESS", "SUCCESS"]);

  const database = await databaseOf(first);
  await first.close();
  for (const { id, error } of [ended[0]!, waiting]) {
    const result = JSON.stringify({ exc_type: error.type, exc_message: error.message });
    await database.rows.updateTable("job_result").set({ result }).where("id", "=", id).execute();
  }
  await ofAnyTable(database.rows).deleteFrom("schema_migration").where("name", "=", "0011-failure-results").execute();

  const { databaseUrl, jobsRoot } = first.config;
  const next = await openTestApp({}, { databaseUrl, jobsRoot }, createTestClock());
  for (const run of ended) expect(await read(next.client, run.id)).toEqual(run);
  expect((await read(next.client, waiting.id)).result).toEqual({
    exc_type: "Error",
    exc_module: "builtins",
    exc_message: ["not yet"],
  });
});

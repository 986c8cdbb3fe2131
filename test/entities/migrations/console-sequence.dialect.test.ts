import { expect, test } from "vitest";
import { openDatabase } from "../../../src/entities/database.ts";
import { whatRunsLeave } from "../../../src/entities/migrations/0003-what-runs-leave.ts";
import { freshDatabaseUrl } from "../../support/database.ts";
import { storeWorld } from "../../support/approvals/world.ts";

test("console entries that were stored without a sequence are given one, in the order they were printed", async () => {
  const url = await freshDatabaseUrl();
  const database = await openDatabase(url);
  const { run } = await storeWorld(database);
  const dialect = url.startsWith("sqlite:") ? "sqlite" : "postgresql";
  // The table as it was before the step.
  const em = database.fork();
  await em.execute("delete from job_console_entry");
  const unique = "job_console_entry_job_result_id_sequence_unique";
  await em.execute(dialect === "sqlite" ? `drop index ${unique}` : `alter table job_console_entry drop constraint ${unique}`);
  await em.execute(
    "create index job_console_entry_job_result_id_timestamp_index on job_console_entry (job_result_id, timestamp)",
  );
  await em.execute("alter table job_console_entry drop column sequence");
  for (const [n, text] of ["second", "first"].entries()) {
    const id = `0190a000-0000-7000-8000-00000000000${n}`;
    const timestamp = text === "first" ? "2026-01-01T00:00:00.000Z" : "2026-01-02T00:00:00.000Z";
    await database.rows
      .insertInto("job_console_entry")
      .values({ id, job_result_id: run, timestamp, output_type: "STDOUT", text })
      .execute();
  }
  for (const statement of whatRunsLeave[dialect]) if (statement.includes("job_console_entry")) await em.execute(statement);
  expect(await database.pendingSchemaChanges()).toBe("");
  const rows = await database.rows.selectFrom("job_console_entry").select(["sequence", "text"]).orderBy("sequence").execute();
  expect(rows).toEqual([
    { sequence: 1, text: "first" },
    { sequence: 2, text: "second" },
  ]);
  await database.close();
});

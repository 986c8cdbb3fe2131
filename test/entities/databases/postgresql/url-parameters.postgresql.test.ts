import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import { openTestApp } from "../../../support/app.ts";
import { freshDatabaseUrl } from "../../../support/database.ts";

const NAME = "a name of the URL";

test("every connection of a server has the parameters of the URL, and keeps its own", async () => {
  const url = new URL(await freshDatabaseUrl());
  const observer = new Client(url.href);
  await observer.connect();
  onTestFinished(() => observer.end());
  url.searchParams.set("application_name", NAME);
  url.searchParams.set("options", "-c work_mem=12345kB");
  const { client } = await openTestApp({}, { databaseUrl: url.href });
  await client.query(`mutation { create_tag(data: { name: "One" }) { id } }`);
  await client.query(`{ tags { created } }`);
  const { rows } = await observer.query(
    "select application_name, count(*)::int from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() group by 1",
  );
  expect(rows).toEqual([{ application_name: NAME, count: expect.any(Number) }]);
});

test("a parameter that nobody can use is a sentence at start", async () => {
  const url = new URL(await freshDatabaseUrl());
  url.searchParams.set("options", "-c no_such_setting=1");
  await expect(openTestApp({}, { databaseUrl: url.href })).rejects.toThrow(/^DATABASE_URL: .*no_such_setting/);
});

import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import { openTestApp } from "../support/app.ts";

test("a change of a database that can only be read is refused in a sentence, and reading goes on", async () => {
  const { client, config } = await openTestApp({});
  const other = new Client({ connectionString: config.databaseUrl, options: "-c default_transaction_read_only=off" });
  await other.connect();
  const name = new URL(config.databaseUrl).pathname.slice(1);
  const setReadOnly = (isOn: boolean) => other.query(`alter database "${name}" set default_transaction_read_only = ${isOn}`);
  onTestFinished(async () => {
    await setReadOnly(false);
    await other.end();
  });
  await setReadOnly(true);
  const end =
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
  await other.query(end);
  const create = `mutation { create_tag(data: { name: "x" }) { id } }`;
  // A connection that was ended is only noticed when it is used.
  await expect.poll(() => client.query("{ tags { name } }").catch(() => undefined)).toEqual({ tags: [] });
  const told = async () => (await client.refused(create)).extensions.code;
  await expect.poll(told).toBe("FORBIDDEN");
  expect((await client.refused(create)).message).toContain("is read-only");
  await setReadOnly(false);
  await other.query(end);
  await expect.poll(() => client.query(create).then(Object.keys, () => undefined)).toEqual(["create_tag"]);
});

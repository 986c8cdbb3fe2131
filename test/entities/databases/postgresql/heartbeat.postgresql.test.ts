import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../../../../src/entities/database.ts";
import { newId } from "../../../../src/entities/new-id.ts";
import { freshDatabaseUrl } from "../../../support/database.ts";

test("signs of life come by a connection that the environment describes, as all others do", async () => {
  const url = new URL(await freshDatabaseUrl());
  const { PGUSER: before } = process.env;
  process.env["PGUSER"] = url.username;
  onTestFinished(() => {
    if (before === undefined) delete process.env["PGUSER"];
    else process.env["PGUSER"] = before;
  });
  url.username = "";
  const database = await openDatabase(url.href);
  onTestFinished(() => database.close());
  const id = newId();
  const heartbeat = await database.keepAlive(id, 60_000);
  expect(await database.rows.selectFrom("worker").select("id").execute()).toEqual([{ id }]);
  await heartbeat.close();
});

import { expect, test } from "vitest";
import { KEY, openTestApp } from "../support/app.ts";
import { post } from "../support/client.ts";
import { freshDatabaseUrl } from "../support/database.ts";
import { hurtPostgresql } from "../support/machines/fault.ts";

test("while the database is away every request is told so, at once; once it is back all is answered", async () => {
  const { url, faults } = await hurtPostgresql(await freshDatabaseUrl());
  const app = await openTestApp({}, { databaseUrl: url });
  const away = { errors: [{ message: expect.stringContaining("The database is away"), extensions: { code: "UNAVAILABLE" } }] };
  const asked = [`{ jobs { name } }`, `mutation { create_tag(data: { name: "x" }) { name } }`, `{ job_results(q: "a") { id } }`];
  await faults["away"]!.begin();
  for (const query of asked) expect(await post(app.url, KEY, { query })).toMatchObject({ status: 503, body: away });
  await faults["away"]!.mend();
  expect(await app.client.query(asked[1]!)).toEqual({ create_tag: { name: "x" } });
});

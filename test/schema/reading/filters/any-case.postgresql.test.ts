import { randomUUID } from "node:crypto";
import { Client } from "pg";
import { expect, inject, onTestFinished, test } from "vitest";
import { openDatabase } from "../../../../src/entities/database.ts";
import { agreesInAnyCase } from "../../../support/contracts/any-case.ts";

test("so they do in a database that knows the case of ASCII only", async () => {
  const serverUrl = inject("databaseUrl");
  const name = `jobgraph_c_${randomUUID().replaceAll("-", "")}`;
  const ask = async (sql: string) => {
    const client = new Client({ connectionString: serverUrl });
    await client.connect();
    await client.query(sql);
    await client.end();
  };
  await ask(`create database "${name}" template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'`);
  onTestFinished(() => ask(`drop database "${name}" with (force)`));
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const database = await openDatabase(url.href);
  await database.migrate();
  await database.close();
  await expect(agreesInAnyCase({ databaseUrl: url.href })).resolves.toBeUndefined();
});

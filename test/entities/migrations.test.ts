import { expect, test } from "vitest";
import { openDatabase } from "../../src/entities/database.ts";
import { freshDatabaseUrl } from "../support/database.ts";

test("the migrations make just the tables that the models describe", async () => {
  const database = await openDatabase(await freshDatabaseUrl());
  expect(await database.pendingSchemaChanges()).toBe("");
  expect(await database.migrate()).toEqual([]);
  await database.close();
});

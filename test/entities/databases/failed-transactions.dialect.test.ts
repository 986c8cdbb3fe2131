import { expect, inject, onTestFinished, test } from "vitest";
import { openDatabase } from "../../../src/entities/database.ts";
import { Tag } from "../../../src/entities/index.ts";
import { freshDatabaseUrl } from "../../support/database.ts";

/** More than a pool has connections. */
const TIMES = 15;

/** Ends a transaction in a way that leaves nothing to be rolled back: with its connection, or behind MikroORM's back. */
const BREAK = inject("databaseUrl").startsWith("sqlite:") ? "rollback" : "select pg_terminate_backend(pg_backend_pid())";

test("transactions that cannot be rolled back take no connection with them", async () => {
  const database = await openDatabase(await freshDatabaseUrl());
  onTestFinished(() => database.close());
  for (let n = 0; n < TIMES; n++) {
    const broken = database.transaction(async (em) => {
      await em.execute(BREAK);
      throw new Error("on purpose");
    });
    await expect(broken).rejects.toThrow(/on purpose|administrator command|terminated/);
  }
  const name = await database.transaction(async (em) => {
    em.create(Tag, { name: "after" }, { partial: true });
    await em.flush();
    return (await em.findOneOrFail(Tag, { name: "after" })).name;
  });
  expect(name).toBe("after");
});

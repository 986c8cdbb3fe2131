import Sqlite from "better-sqlite3";
import { sql } from "kysely";
import { RE2JS } from "re2js";
import { expect, onTestFinished, test, vi } from "vitest";
import { openDatabase } from "../../src/entities/database.ts";
import { Tag } from "../../src/entities/index.ts";
import { freshDatabaseUrl } from "../support/database.ts";

async function open() {
  const url = await freshDatabaseUrl();
  const database = await openDatabase(url);
  onTestFinished(() => database.close());
  return { database, url };
}

test("a lock of another connection stops neither reads nor the thread, and writes go through once it is released", async () => {
  const { database, url } = await open();
  await database.read(sql`select 1`.compile(database.rows));
  const foreign = new Sqlite(url.slice("sqlite:".length));
  onTestFinished(() => void foreign.close());
  foreign.exec("begin immediate");
  const done: string[] = [];
  const addTag = (name: string) => {
    const em = database.fork();
    em.create(Tag, { name }, { partial: true });
    return em.flush();
  };
  const writes = [
    addTag("flushed").then(() => done.push("flush")),
    database
      .transaction(async (em) => void em.create(Tag, { name: "in a transaction" }, { partial: true }))
      .then(() => done.push("transaction")),
    database.rows
      .insertInto("group")
      .values({ id: "01a20d41-bf32-73c7-86b0-37568f855895", name: "as a row" })
      .execute()
      .then(() => done.push("row")),
  ];
  for (let turn = 0; turn < 20; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(await database.read(sql`select count(*) as tags from tag`.compile(database.rows))).toEqual([{ tags: 0 }]);
  }
  expect(done).toEqual([]);
  foreign.exec("commit");
  await Promise.all(writes);
  expect(await database.read(sql`select count(*) as tags from tag`.compile(database.rows))).toEqual([{ tags: 2 }]);
});

test("a database that another process keeps to itself is opened and read once it is free", async () => {
  const url = await freshDatabaseUrl();
  const foreign = new Sqlite(url.slice("sqlite:".length));
  onTestFinished(() => void foreign.close());
  foreign.pragma("locking_mode = exclusive");
  foreign.exec("begin exclusive");
  const opening = openDatabase(url);
  let isOpen = false;
  void opening.then(() => (isOpen = true));
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(isOpen).toBe(false);
  foreign.close();
  const database = await opening;
  onTestFinished(() => database.close());
  expect(await database.read(sql`select count(*) as tags from tag`.compile(database.rows))).toEqual([{ tags: 0 }]);
});

test("each pattern of a statement is compiled once, however many rows it is asked of", async () => {
  const { database } = await open();
  const names = Array.from({ length: 50 }, (_, n) => `tag ${n}`);
  const em = database.fork();
  for (const name of names) em.create(Tag, { name }, { partial: true });
  await em.flush();
  const compile = vi.spyOn(RE2JS, "compile");
  onTestFinished(() => compile.mockRestore());
  const patterns = ["a.*q", "b.*q", "c.*q", "d.*q", "g 7$"];
  const matches = patterns.map((pattern) => database.matches(sql.ref("name"), pattern, false));
  const statement = sql`select name from tag where ${sql.join(matches, sql` or `)}`.compile(database.rows);
  for (let n = 0; n < 3; n++) expect(await database.read(statement)).toEqual([{ name: "tag 7" }]);
  expect(compile).toHaveBeenCalledTimes(patterns.length);
});

import { sql } from "kysely";
import { expect, inject, onTestFinished, test } from "vitest";
import { openDatabase } from "../../src/entities/database.ts";
import { isoTime } from "../../src/entities/times/timestamp.ts";
import { freshDatabaseUrl } from "../support/database.ts";

async function open() {
  const database = await openDatabase(await freshDatabaseUrl());
  onTestFinished(() => database.close());
  return database;
}

const textOf = (n: number) => (n % 3 === 0 ? `ü€😀${n}` : "x".repeat(n % 300));

// PostgreSQL's rows are made from its bytes by ourselves.
// oxlint-disable-next-line vitest/no-conditional-tests -- a test that one of the two databases has is not skipped by the other
if (inject("databaseUrl").startsWith("postgresql"))
  test("values of every kind are read from the bytes that PostgreSQL sends", async () => {
    const database = await open();
    const start = Date.parse("2026-11-24T08:24:11.000Z");
    const statement = sql`select n, n::bigint as big, n / 2.0::float8 as half, n % 2 = 0 as even, null::text as nothing,
      case when n % 3 = 0 then 'ü€😀' || n else repeat('x', n % 300) end as text, jsonb_build_object('é', n) as json,
      timestamptz '2026-11-24 08:24:11+00' + n * interval '1 ms' as time, '01a20d41-bf32-73c7-86b0-37568f855895'::uuid as id
    from generate_series(1, ${5000}::int) as n`.compile(database.rows);
    const late = sql`select repeat('x', 100) as text, 1 / (n - 4000) as one from generate_series(1, 5000) as n`.compile(
      database.rows,
    );
    await expect(database.read(late)).rejects.toThrow(/zero/);
    const reads = await Promise.all(Array.from({ length: 12 }, () => database.read(statement)));
    const expected = Array.from({ length: 5000 }, (_, i) => i + 1).map((n) => ({
      n,
      big: n,
      half: n / 2,
      even: n % 2 === 0,
      nothing: null,
      text: textOf(n),
      json: { é: n },
      time: new Date(start + n).toISOString(),
      id: "01a20d41-bf32-73c7-86b0-37568f855895",
    }));
    for (const rows of reads) expect(rows.map((row) => ({ ...row, time: isoTime(row["time"] as string) }))).toEqual(expected);
  });

test("a statement that fails leaves its connection to others, which read as before", async () => {
  const database = await open();
  const failing = sql`select n from nowhere`.compile(database.rows);
  const works = sql`select 1 as one`.compile(database.rows);
  for (let n = 0; n < 5; n++) {
    await expect(database.read(failing)).rejects.toThrow(/nowhere/);
    expect(await database.fork().execute("select 'ü' as text")).toEqual([{ text: "ü" }]);
    expect(await database.read(works)).toEqual([{ one: 1 }]);
  }
});

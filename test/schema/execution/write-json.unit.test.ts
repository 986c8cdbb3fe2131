import fc from "fast-check";
import { expect, test } from "vitest";
import { newWork, nextSlice } from "../../../src/schema/execution/slices.ts";
import { partsOf, writeJson } from "../../../src/schema/execution/write-json.ts";

const values = fc.jsonValue({ maxDepth: 6 });

test("parts are one text: that of JSON.stringify", () => {
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 20 }), (value, most) => {
      expect([...partsOf(value, most)].join("")).toBe(JSON.stringify(value));
    }),
  );
});

test("undefined values are left out of objects, and null elsewhere", () => {
  for (const value of [{ a: undefined, b: 1 }, { a: undefined }, [undefined, 1], [[1, 2, 3], undefined], undefined]) {
    expect([...partsOf(value, 2)].join("")).toBe(JSON.stringify(value) ?? "null");
  }
});

/** Values of which each takes six characters at most, its key, colon and comma included. */
const { value: shortValues } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    fc.nat(9),
    fc.array(tie("value")),
    fc
      .uniqueArray(fc.constantFrom("a", "b", "c"), { minLength: 1 })
      .chain((keys) =>
        fc.tuple(...keys.map(() => tie("value"))).map((inner) => Object.fromEntries(keys.map((key, n) => [key, inner[n]]))),
      ),
  ),
}));

test("no part is much longer than it may be", () => {
  fc.assert(
    fc.property(shortValues, fc.integer({ min: 1, max: 20 }), (value, most) => {
      for (const part of partsOf(value, most)) expect(part.length).toBeLessThanOrEqual(7 * (most + 2));
    }),
  );
});

test("a long answer is written in pieces, and others have the thread meanwhile", async () => {
  const rows = Array.from({ length: 100_000 }, (_, n) => ({ id: `id ${n}`, text: "x".repeat(20), of: { name: "é" } }));
  let turns = 0;
  let isOver = false;
  const turn = () => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  turn();
  const work = newWork("a");
  await nextSlice(work);
  const pieces = await writeJson({ data: { rows } }, work);
  isOver = true;
  expect(pieces.join("")).toBe(JSON.stringify({ data: { rows } }));
  expect(pieces.length).toBeGreaterThan(20);
  expect(turns).toBeGreaterThan(1);
});

import { expect, test } from "vitest";
import { isRoundOver, isSliceOver, newWork, nextSlice, type Sliced } from "../../src/schema/slices.ts";

/** Holds the thread until the round and the slice are over. */
function hold(sliced: Sliced): void {
  while (!isRoundOver() || !isSliceOver(sliced));
}

/** Starts works that each need so many slices, and returns the order in which their slices were done. */
async function run(works: readonly (readonly [name: string, sliced: Sliced, slices: number])[]): Promise<string[]> {
  const order: string[] = [];
  hold(newWork("c"));
  await Promise.all(
    works.map(async ([name, sliced, slices]) => {
      for (let n = 0; n < slices; n++) {
        await nextSlice(sliced);
        order.push(name);
        hold(sliced);
      }
    }),
  );
  return order;
}

test("a round of the event loop has one slice, and whatever else waits has the thread between two", async () => {
  const others: string[] = [];
  const order = run([["long", newWork("a"), 5]]);
  const other = new Promise<void>((resolve) => {
    const come = () => (others.push("other") === 3 ? resolve() : void setTimeout(come));
    come();
  });
  await other;
  expect(others).toHaveLength(3);
  expect(await order).toHaveLength(5);
  await new Promise((resolve) => setImmediate(resolve));
  expect(isRoundOver()).toBe(false);
});

test("works that are soon done go on together", async () => {
  hold(newWork("c"));
  let rounds = 0;
  let isOver = false;
  const count = () => {
    rounds += 1;
    if (!isOver) setImmediate(count);
  };
  count();
  await Promise.all(Array.from({ length: 40 }, () => nextSlice(newWork("a"))));
  isOver = true;
  expect(rounds).toBeLessThan(20);
});

test("work that goes on has a slice of its own", async () => {
  const sliced = newWork("a");
  hold(sliced);
  await nextSlice(sliced);
  expect(isSliceOver(sliced)).toBe(false);
});

test("of one user's works the oldest is finished first", async () => {
  const [first, second] = [newWork("a"), newWork("a")];
  expect(
    await run([
      ["second", second, 3],
      ["first", first, 3],
    ]),
  ).toEqual(["first", "first", "first", "second", "second", "second"]);
});

test("users take turns, however many works one of them has", async () => {
  const order = await run([
    ...Array.from({ length: 20 }, () => ["many", newWork("a"), 1] as const),
    ["one", newWork("b"), 2] as const,
  ]);
  expect(order.lastIndexOf("one")).toBeLessThanOrEqual(3);
  expect(order).toHaveLength(22);
});

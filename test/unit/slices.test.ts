import { expect, test } from "vitest";
import { isSliceOver, newPlace, nextSlice, type Sliced } from "../../src/schema/slices.ts";

/** Holds the thread until the slice is over. */
function work(): void {
  while (!isSliceOver());
}

const workOf = (user: string): Sliced => ({ user, place: newPlace() });

/** Starts works that each need so many slices, and returns the order in which their slices were done. */
async function run(works: readonly (readonly [name: string, sliced: Sliced, slices: number])[]): Promise<string[]> {
  const order: string[] = [];
  work();
  await Promise.all(
    works.map(async ([name, sliced, slices]) => {
      for (let n = 0; n < slices; n++) {
        await nextSlice(sliced);
        order.push(name);
        work();
      }
    }),
  );
  return order;
}

test("a round of the event loop has one slice, and whatever else waits has the thread between two", async () => {
  const others: string[] = [];
  const order = run([["long", workOf("a"), 5]]);
  const other = new Promise<void>((resolve) => {
    const come = () => (others.push("other") === 3 ? resolve() : void setTimeout(come));
    come();
  });
  await other;
  expect(others).toHaveLength(3);
  expect(await order).toHaveLength(5);
  await new Promise((resolve) => setImmediate(resolve));
  expect(isSliceOver()).toBe(false);
});

test("of one user's works the oldest is finished first", async () => {
  const [first, second] = [workOf("a"), workOf("a")];
  expect(
    await run([
      ["second", second, 3],
      ["first", first, 3],
    ]),
  ).toEqual(["first", "first", "first", "second", "second", "second"]);
});

test("users take turns, however many works one of them has", async () => {
  const order = await run([
    ...Array.from({ length: 20 }, () => ["many", workOf("a"), 1] as const),
    ["one", workOf("b"), 2] as const,
  ]);
  expect(order.lastIndexOf("one")).toBeLessThanOrEqual(3);
  expect(order).toHaveLength(22);
});

import { GraphQLInt, GraphQLList, GraphQLObjectType, GraphQLSchema, parse } from "graphql";
import { expect, test } from "vitest";
import { createExecutor } from "../../../src/schema/execution/execute.ts";
import { isRoundOver, isSliceOver, newWork, nextSlice, type Sliced, turnToBegin } from "../../../src/schema/execution/slices.ts";

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

test("a round of the event loop has one slice, and other waiting work has the thread between two", async () => {
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

test("works of one user begin in the order in which they came, and nobody else's wait for them", async () => {
  hold(newWork("c"));
  const order: string[] = [];
  const begin = (name: string) => turnToBegin("a")!.then(() => order.push(name));
  const first = begin("first");
  // A round that is young again.
  await new Promise((resolve) => setImmediate(resolve));
  expect(isRoundOver()).toBe(false);
  expect(turnToBegin("b")).toBeUndefined();
  await Promise.all([first, begin("second"), begin("third")]);
  expect(order).toEqual(["first", "second", "third"]);
  expect(turnToBegin("a")).toBeUndefined();
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

/** Milliseconds that each field takes. */
const FIELD_MS = 0.02;

test.for(["at once", "by promises"])("an answer whose values come %s is made in slices", async (how) => {
  let [inRound, most, all] = [0, 0, 0];
  const resolve = () => {
    const end = performance.now() + FIELD_MS;
    while (performance.now() < end);
    all += 1;
    most = Math.max(most, ++inRound);
    return how === "at once" ? all : Promise.resolve(all);
  };
  const Item: GraphQLObjectType = new GraphQLObjectType({
    name: "Item",
    fields: () => ({
      value: { type: GraphQLInt, resolve },
      items: { type: new GraphQLList(Item), resolve: () => Array.from({ length: 100 }, () => ({})) },
    }),
  });
  const schema = new GraphQLSchema({ query: Item });
  const work = newWork("a");
  let isOver = false;
  const round = () => {
    inRound = 0;
    if (!isOver) setImmediate(round);
  };
  await nextSlice(work);
  round();
  const document = parse("{ items { value items { value } } }");
  const { data } = await createExecutor(schema).execute({ schema, document, contextValue: { bounds: work } });
  isOver = true;
  expect((data as { items: { items: object[] }[] }).items.map(({ items }) => items.length)).toEqual(Array(100).fill(100));
  expect(all).toBe(100 + 100 * 100);
  // A slice of 20 ms has 1,000 of them, and a slice that has begun may go on until the clock is looked at.
  expect(most).toBeLessThan(2500);
});

import { expect, test } from "vitest";
import { createLane } from "../../../src/entities/databases/lane.ts";

const HOUR_MS = 3_600_000;

/** Enters for each user, in their order, and notes the users that get a place. */
function enterAll(lane: ReturnType<typeof createLane>, users: string[]) {
  const places: { user: string; leave: () => void }[] = [];
  for (const user of users) void lane.enter({ user }).then((leave) => places.push({ user, leave }));
  return places;
}

const settle = () => new Promise(setImmediate);

test("users take turns, however many reads one of them has waiting", async () => {
  const lane = createLane(1, HOUR_MS);
  const places = enterAll(lane, ["a", "a", "a", "a", "b", "b", "c"]);
  await settle();
  const served: string[] = [];
  for (let n = 0; n < 7; n++) {
    expect(places).toHaveLength(1);
    const { user, leave } = places.pop()!;
    served.push(user);
    leave();
    await settle();
  }
  expect(served).toEqual(["a", "a", "b", "c", "a", "b", "a"]);
});

test("of several places, one user never holds the last, and the server itself may", async () => {
  const lane = createLane(3, HOUR_MS);
  const places = enterAll(lane, ["a", "a", "a"]);
  await settle();
  expect(places.map(({ user }) => user)).toEqual(["a", "a"]);
  const own = await lane.enter();
  own();
  await settle();
  expect(places).toHaveLength(2);
  places[0]!.leave();
  await settle();
  expect(places).toHaveLength(3);
});

test("a read that gives up its wait, or waits too long, takes no place", async () => {
  const lane = createLane(1, 20);
  const leave = await lane.enter({});
  const controller = new AbortController();
  const given = lane.enter({ signal: controller.signal });
  const late = lane.enter({});
  const own = lane.enter();
  controller.abort(new Error("gone"));
  await expect(given).rejects.toThrow("gone");
  await expect(late).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  leave();
  (await own)();
  await lane.enter({});
});

test("more than a hundred reads of one user do not wait, and those of others do", async () => {
  const lane = createLane(1, HOUR_MS);
  const leave = await lane.enter({ user: "a" });
  const waiting = enterAll(
    lane,
    Array.from({ length: 100 }, () => "a"),
  );
  await expect(lane.enter({ user: "a" })).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  const other = enterAll(lane, ["b"]);
  leave();
  await settle();
  waiting.pop()!.leave();
  await settle();
  expect(other).toHaveLength(1);
});

test("a read that nobody waits for any more does not begin to wait for a place", async () => {
  const lane = createLane(1, 3_600_000);
  const leave = await lane.enter({ user: "one" });
  const gone = { user: "two", signal: AbortSignal.abort(new Error("gone")) };
  await expect(lane.enter(gone)).rejects.toThrow("gone");
  leave();
  await expect(lane.enter(gone)).rejects.toThrow("gone");
  (await lane.enter({ user: "three" }))();
});

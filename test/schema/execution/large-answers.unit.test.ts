import { expect, test } from "vitest";
import { createUsage } from "../../../src/schema/execution/usage.ts";

const MB = 1024 * 1024;
const usage = () => createUsage({ maxSubscriptionsPerUser: 10, maxUnreadBytesPerUser: 32 * MB });

test("the oldest of a user's large answers is made first, and the others wait for it", async () => {
  const { make, mayMake, turnToMake, made } = usage();
  make("a", 1, 5 * MB);
  expect(mayMake("a", 2)).toBe(true);
  make("a", 2, 5 * MB);
  expect([1, 2, 3].map((place) => mayMake("a", place))).toEqual([true, false, false]);
  expect(mayMake("b", 4)).toBe(true);
  const order: number[] = [];
  const waiting = [5, 3, 2, 3].map((place) => turnToMake("a", place).then(() => order.push(place)));
  made("a", 1);
  await waiting[2];
  expect(order).toEqual([2]);
  made("a", 2);
  await Promise.all([waiting[1], waiting[3]]);
  expect(order).toEqual([2, 3, 3]);
  made("a", 3);
  await Promise.all(waiting);
  expect(mayMake("a", 9)).toBe(true);
});

test("an operation that ends waits no more", async () => {
  const { make, turnToMake, made } = usage();
  make("a", 1, 9 * MB);
  const turn = turnToMake("a", 2);
  made("a", 2);
  expect(await turn).toBeUndefined();
});

import { expect, test } from "vitest";
import { newId } from "../../src/entities/new-id.ts";

test("ids are UUIDv7, each greater than the one before, and of the time they were made", () => {
  const before = Date.now();
  const ids = Array.from({ length: 50_000 }, newId);
  expect(ids.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))).toBe(true);
  expect(ids.findIndex((id, n) => n > 0 && id <= ids[n - 1]!)).toBe(-1);
  const made = Number.parseInt(ids.at(-1)!.replace("-", "").slice(0, 12), 16);
  expect(made).toBeGreaterThanOrEqual(before);
  expect(made).toBeLessThanOrEqual(Date.now());
});

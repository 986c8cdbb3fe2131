import fc from "fast-check";
import { expect, test } from "vitest";
import { isAtEnd } from "../../graphiql/at-end.ts";

test("a reader is at the end of a text that is no higher than its place, and of a longer one within a line of its last", () => {
  const heights = fc.tuple(fc.nat(2000), fc.nat(100_000));
  fc.assert(
    fc.property(heights, ([height, scrollHeight]) => {
      const end = Math.max(0, scrollHeight - height);
      for (const above of [0, 0.5, 20]) expect(isAtEnd({ scrollTop: Math.max(0, end - above), height, scrollHeight })).toBe(true);
      // A turn of a wheel.
      if (end >= 50) expect(isAtEnd({ scrollTop: end - 50, height, scrollHeight })).toBe(false);
    }),
  );
});

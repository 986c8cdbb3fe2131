import fc from "fast-check";
import { expect, test } from "vitest";
import { JobResult } from "../../../src/entities/index.ts";
import { shapeOf } from "../../../src/entities/mapping/shape.ts";
import { orderOf } from "../../../src/schema/reading/order.ts";

const shape = shapeOf(JobResult);

test("a field that comes again orders nothing: the first of it counts, where it stands", () => {
  const keys = fc.array(fc.constantFrom("status", "-status", "name", "-name", "worker", "date_created"), { minLength: 1 });
  fc.assert(
    fc.property(keys, (sort) => {
      const firsts = sort.filter((key, n) => sort.findIndex((other) => other.replace("-", "") === key.replace("-", "")) === n);
      expect(orderOf(shape, sort)).toEqual(orderOf(shape, firsts));
      expect(orderOf(shape, sort).slice(0, firsts.length)).toMatchObject(
        firsts.map((key) => ({ column: key.replace("-", ""), descending: key.startsWith("-") })),
      );
    }),
  );
});

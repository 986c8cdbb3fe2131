import fc from "fast-check";
import { expect, test } from "vitest";
import { growing, SHOWN_OBJECTS } from "../../graphiql/growing.ts";

test("the page shows of a log all that its events have brought, in order, and the newest of a longer one", () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.integer(), { maxLength: 700 }), { maxLength: 6 }), (events) => {
      const show = growing();
      const come: number[] = [];
      for (const lines of events) {
        come.push(...lines);
        const shown = show({ data: { log: lines, other: "a state" } });
        expect(shown).toEqual({ data: { log: come.slice(-SHOWN_OBJECTS), other: "a state" } });
      }
    }),
  );
});

test("a state takes the place of the one before, and errors are shown as they are", () => {
  const show = growing();
  show({ data: { job_result: { status: "PENDING", files: ["a"] } } });
  expect(show({ data: { job_result: { status: "SUCCESS", files: [] } } })).toEqual({
    data: { job_result: { status: "SUCCESS", files: [] } },
  });
  expect(show({ data: null })).toEqual({ data: null });
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { type Cell, cellOf, readCsv, valueOf, writeCsv } from "../../../src/system-jobs/transfer/csv.ts";
import type { ModelField } from "../../../src/system-jobs/transfer/object-model.ts";

const field = (kind: string, nullable = true): ModelField => ({
  name: "a",
  kind,
  key: null,
  nullable,
  creatable: true,
  updatable: true,
});

/** A value through a file and back. */
function throughCsv(value: unknown, kind: string): unknown {
  const text = writeCsv([
    ["a", "b"],
    [cellOf(value, kind), 1],
  ]);
  return valueOf(readCsv(text)[0]!["a"]!, field(kind));
}

test("every value comes back as it was", () => {
  const texts = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.stringMatching(/^['=+\-@\t\r\n",; ]{0,6}$/),
    fc.constantFrom("", "NULL", " ", "﻿"),
  );
  fc.assert(fc.property(texts, (text) => void expect(throughCsv(text, "text")).toBe(text)));
  const plain = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);
  fc.assert(fc.property(plain, (value) => void expect(throughCsv(value, "json")).toEqual(value)));
  fc.assert(fc.property(fc.array(texts), (names) => void expect(throughCsv(names, "links")).toEqual(names)));
  for (const value of [true, false, null]) expect(throughCsv(value, "boolean")).toBe(value);
  for (const value of [0, -7, 2.5, 1e21, null]) expect(throughCsv(value, "float")).toBe(value);
});

test("no cell begins as a formula does, but for numbers; a number is no formula", () => {
  const cells: [unknown, string, Cell][] = [
    ["=1+1", "string", "'=1+1"],
    ["+1", "text", "'+1"],
    ["-1", "text", "'-1"],
    ["@SUM(A1)", "text", "'@SUM(A1)"],
    ["\t=1", "text", "'\t=1"],
    ["\r=1", "text", "'\r=1"],
    ["'=1", "text", "''=1"],
    ["'quoted'", "text", "'quoted'"],
    [" =1", "text", " =1"],
    [-1, "integer", -1],
    ["=1", "json", '"=1"'],
    [["=1"], "links", '["=1"]'],
    [null, "text", null],
  ];
  for (const [value, kind, cell] of cells) expect(cellOf(value, kind)).toBe(cell);
  fc.assert(fc.property(fc.string(), (text) => !/^[=+\-@\t\r]/.test(String(cellOf(text, "text")))));
});

test("texts of people are understood, and errors are told", () => {
  expect(readCsv('﻿ name ,description\r\n\r\na,\n"b, c",""\n')).toEqual([
    { name: "a", description: null },
    { name: "b, c", description: "" },
  ]);
  expect(valueOf("yes", field("boolean"))).toBe(true);
  expect(valueOf("No", field("boolean"))).toBe(false);
  expect(valueOf("perhaps", field("boolean"))).toBe("perhaps");
  expect(valueOf("7", field("integer"))).toBe(7);
  expect(valueOf("seven", field("integer"))).toBe("seven");
  expect(valueOf("a, b,,c", field("links"))).toEqual(["a", "b", "c"]);
  expect(valueOf(null, field("text", false))).toBeUndefined();
  expect(valueOf("x", undefined)).toBe("x");
  expect(() => valueOf("{", field("json"))).toThrow("This is no JSON: ");
  expect(() => readCsv("a,a\n1,2")).toThrow('The column "a" is there twice.');
  expect(() => readCsv("a,b\n1")).toThrow(/line 2/);
  expect(() => readCsv('a\n"1')).toThrow(/Quote Not Closed/);
});

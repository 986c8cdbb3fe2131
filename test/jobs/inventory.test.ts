import { expect, test } from "vitest";
import { parseCsv, readInventory } from "../../jobs/inventory.ts";
import { shippedRows } from "./inventory-file.ts";

test.for([
  [
    "plain fields",
    "a,b\n1,2\n",
    [
      ["a", "b"],
      ["1", "2"],
    ],
  ],
  [
    "a last row without an end",
    "a,b\n1,",
    [
      ["a", "b"],
      ["1", ""],
    ],
  ],
  [
    "Windows' line ends",
    "a,b\r\n1,2\r\n",
    [
      ["a", "b"],
      ["1", "2"],
    ],
  ],
  ["a comma in quotes", '"a,b",c\n', [["a,b", "c"]]],
  ["quotes in quotes", '"10"" rack",""\n', [['10" rack', ""]]],
  ["a line break in quotes", '"a\nb",c\n', [["a\nb", "c"]]],
  ["white space, which is kept", " a ,b\n", [[" a ", "b"]]],
  ["blank lines, which are no rows", "a\n\nb\n\n", [["a"], ["b"]]],
  ["nothing", "", []],
] as const)("parses %s", ([, text, rows]) => {
  expect(parseCsv(text)).toEqual(rows);
});

test.for([
  ["in mid-field", 'a,b\n1,2"\n', "Row 2, field 2"],
  ["that is not closed", 'a,b\n"1,2\n', "Row 2, field 1"],
  ["before more text", '"a"b\n', "Row 1, field 1"],
])("refuses a quote %s", ([, text, place]) => {
  expect(() => parseCsv(text!)).toThrow(place);
});

test("reads every shipped row", async () => {
  const devices = await readInventory();
  expect(devices.map(({ name, site, serial }) => ({ name, site, serial }))).toEqual(await shippedRows());
  expect(devices.map(({ model }) => model)).toEqual(
    expect.arrayContaining(["Skylark A7, outdoor", 'Halyard S24, 10" half rack']),
  );
});

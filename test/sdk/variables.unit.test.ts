import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import {
  booleanVar,
  choiceVar,
  dateTimeVar,
  dateVar,
  fileVar,
  integerVar,
  ipAddressVar,
  ipAddressWithMaskVar,
  ipNetworkVar,
  jsonVar,
  multiChoiceVar,
  multiObjectVar,
  objectVar,
  stringVar,
  textVar,
} from "../../src/sdk/variables.ts";

interface Case {
  schema: z.ZodType;
  kind: string;
  /** Given values, and the job's values where these differ. */
  takes: ([given: unknown] | [given: unknown, gets: unknown])[];
  refuses: unknown[];
  /** Hints of a form beside `x-kind`. */
  hints?: Record<string, unknown>;
}

const ROLES = ["spine", ["leaf", "Leaf switch"]] as const;

const CASES: Record<string, Case> = {
  stringVar: {
    schema: stringVar({ minLength: 2, maxLength: 4, regex: /^[a-z]+$/ }),
    kind: "string",
    takes: [["ab"], ["abcd"]],
    refuses: ["a", "abcde", "AB", 7, null],
    hints: { type: "string", minLength: 2, maxLength: 4, pattern: "^[a-z]+$" },
  },
  textVar: { schema: textVar(), kind: "text", takes: [["a\nb"], [""]], refuses: [7], hints: { type: "string" } },
  integerVar: {
    schema: integerVar({ min: 1, max: 4094 }),
    kind: "integer",
    takes: [[1], [4094]],
    refuses: [0, 4095, 1.5, "1"],
    hints: { type: "integer", minimum: 1, maximum: 4094 },
  },
  booleanVar: {
    schema: booleanVar(),
    kind: "boolean",
    takes: [[true], [undefined, false]],
    refuses: ["yes", 1],
    hints: { default: false },
  },
  choiceVar: {
    schema: choiceVar({ choices: ROLES }),
    kind: "choice",
    takes: [["spine"], ["leaf"]],
    refuses: ["Leaf switch", "", null],
    hints: { enum: ["spine", "leaf"], "x-labels": { spine: "spine", leaf: "Leaf switch" } },
  },
  multiChoiceVar: {
    schema: multiChoiceVar({ choices: ROLES }),
    kind: "multichoice",
    takes: [[[]], [["leaf", "spine"]]],
    refuses: ["leaf", ["other"]],
    hints: { "x-labels": { spine: "spine", leaf: "Leaf switch" } },
  },
  objectVar: {
    schema: objectVar({ model: "extras.jobqueue" }),
    kind: "object",
    takes: [["default"], [{ id: "1", name: "default" }]],
    refuses: [7, null],
    hints: { type: "string", "x-model": "extras.jobqueue" },
  },
  multiObjectVar: {
    schema: multiObjectVar({ model: "extras.jobqueue" }),
    kind: "multiobject",
    takes: [[["default"]], [[]]],
    refuses: ["default", [7]],
    hints: { type: "array", items: { type: "string" }, "x-model": "extras.jobqueue" },
  },
  ipAddressVar: {
    schema: ipAddressVar(),
    kind: "ipaddress",
    takes: [["192.0.2.1"], ["2001:db8::1"]],
    refuses: ["192.0.2.256", "192.0.2.1/24", "host"],
  },
  ipAddressWithMaskVar: {
    schema: ipAddressWithMaskVar(),
    kind: "ipaddresswithmask",
    takes: [["192.0.2.1/24"], ["2001:db8::1/64"]],
    refuses: ["192.0.2.1", "192.0.2.1/33", "2001:db8::1/129"],
  },
  ipNetworkVar: {
    schema: ipNetworkVar({ minPrefixLength: 16, maxPrefixLength: 28 }),
    kind: "ipnetwork",
    takes: [["192.0.2.0/24"], ["192.0.0.0/16"], ["2001:d00::/24"]],
    refuses: ["192.0.2.0/29", "10.0.0.0/8", "192.0.2.0", "192.0.2.1/24", "2001:db8::/24"],
  },
  jsonVar: { schema: jsonVar(), kind: "json", takes: [[{ a: [1, null] }], [null]], refuses: [undefined, () => 1] },
  dateVar: {
    schema: dateVar(),
    kind: "date",
    takes: [["2026-11-24"]],
    refuses: ["2026-02-30", "24.11.2026"],
    hints: { format: "date" },
  },
  dateTimeVar: {
    schema: dateTimeVar(),
    kind: "datetime",
    takes: [["2026-11-24T12:00:00+01:00", new Date("2026-11-24T11:00:00Z")]],
    refuses: ["2026-11-24", "2026-11-24T12:00:00"],
    hints: { format: "date-time" },
  },
  fileVar: {
    schema: fileVar({ maxBytes: 3 }),
    kind: "file",
    takes: [
      [
        { name: "a.txt", base64: "YWJj" },
        { name: "a.txt", content: new Uint8Array([97, 98, 99]) },
      ],
    ],
    refuses: [{ name: "a.txt", base64: "YWJjZA==" }, { name: "", base64: "" }, { name: "a", base64: "?" }, "a.txt"],
    hints: { "x-max-bytes": 3 },
  },
};

test.each(Object.entries(CASES))(
  "%s takes fitting values, refuses the rest, and says so in JSON Schema",
  (_, { schema, kind, takes, refuses, hints }) => {
    for (const pair of takes) expect(schema.parse(pair[0])).toEqual(pair.length === 2 ? pair[1] : pair[0]);
    expect(refuses.filter((value) => schema.safeParse(value).success)).toEqual([]);
    const { properties } = z.toJSONSchema(z.object({ it: schema }), { io: "input", unrepresentable: "any" }) as any;
    expect(properties.it).toMatchObject({ "x-kind": kind, ...hints });
  },
);

test("the options of a variable are in its schema; a default or `required: false` makes it optional", () => {
  const variables = z.object({
    needed: stringVar({ label: "Needed", description: "Must be given." }),
    left: integerVar({ required: false }),
    filled: choiceVar({ choices: ["a", "b"], default: "b" }),
  });
  const { properties, required } = z.toJSONSchema(variables, { io: "input", unrepresentable: "any" }) as any;
  expect(required).toEqual(["needed"]);
  expect(properties.needed).toMatchObject({ title: "Needed", description: "Must be given." });
  const data: { needed: string; left?: number | undefined; filled: "a" | "b" } = variables.parse({ needed: "x" });
  expect(data).toEqual({ needed: "x", filled: "b" });
});

test("a network has no bits after its prefix, in any spelling", () => {
  const network = ipNetworkVar();
  const isNetwork = (text: string) => network.safeParse(text).success;
  const groups = fc.array(fc.constantFrom(0, 0, 1, 0x8000, 0xffff, 0xdb8), { minLength: 8, maxLength: 8 });
  const octets = fc.array(fc.constantFrom(0, 0, 1, 128, 255, 10), { minLength: 4, maxLength: 4 });
  const check = (parts: readonly number[], width: number, text: string, length: number) => {
    const value = parts.reduce((sum, part) => (sum << BigInt(width)) | BigInt(part), 0n);
    const hosts = (1n << BigInt(parts.length * width - length)) - 1n;
    expect([text, length, isNetwork(`${text}/${length}`)]).toEqual([text, length, (value & hosts) === 0n]);
  };
  fc.assert(fc.property(octets, fc.nat(32), (parts, length) => check(parts, 8, parts.join("."), length)));
  fc.assert(
    fc.property(groups, fc.nat(128), (parts, length) => {
      const text = parts.map((part) => part.toString(16)).join(":");
      check(parts, 16, text, length);
      check(parts, 16, text.toUpperCase(), length);
      check(parts, 16, new URL(`http://[${text}]`).hostname.slice(1, -1), length);
    }),
  );
  expect(["0.0.0.0/0", "::/0", "::1/128", "::ffff:192.0.2.0/120"].filter((text) => !isNetwork(text))).toEqual([]);
  expect(
    ["::1/0", "::ffff:192.0.2.1/120", "10.0.0.0/08", "010.0.0.0/8", "fe80::%eth0/64", "192.0.2.0/24\n"].filter(isNetwork),
  ).toEqual([]);
  expect(network.safeParse("192.0.2.1/24").error?.issues[0]?.message).toContain("no bits after its prefix");
});

import { expect, test } from "vitest";
import { allowedBy, areWithin, readNetwork } from "../../src/access/networks.ts";

test.for([
  ["10.0.0.0/8", "10.1.2.3", true],
  ["10.0.0.0/8", "11.1.2.3", false],
  ["10.0.0.0/8", "::ffff:10.1.2.3", true],
  ["10.0.0.0/8", "::FFFF:0a01:0203", true],
  ["10.0.0.0/8", "::ffff:11.1.2.3", false],
  ["::ffff:10.0.0.0/104", "10.1.2.3", true],
  ["::ffff:10.0.0.0/104", "11.1.2.3", false],
  ["192.0.2.7", "192.0.2.7", true],
  ["192.0.2.7", "192.0.2.8", false],
  ["2001:db8::/32", "2001:db8:7::1", true],
  ["2001:db8::/32", "2001:db9::1", false],
  ["2001:db8::1", "2001:db8::1%eth0", true],
  ["::/0", "2001:db8::1", true],
  ["::/0", "10.0.0.1", false],
  ["0.0.0.0/0", "2001:db8::1", false],
  ["no network", "10.0.0.1", false],
] as const)("%s lets %s in: %s", ([network, address, isAllowed]) => {
  expect(allowedBy([network])(address)).toBe(isAllowed);
});

test("without networks everybody is let in; with any, nobody whose address is not known", () => {
  expect([allowedBy(null)(undefined), allowedBy([])("10.0.0.1"), allowedBy(["0.0.0.0/0"])(undefined)]).toEqual([
    true,
    false,
    false,
  ]);
});

test.for(["", "10.0.0.0/33", "10.0.0/8", "2001:db8::/129", "localhost", "10.0.0.0/-1", "::ffff:10.0.0.0/8", "10.0.0.0/8/8"])(
  "%j is no network",
  (text) => {
    expect(readNetwork(text)).toBeUndefined();
  },
);

test("networks are stored in one form", () => {
  expect([" 10.0.0.0/8", "192.0.2.7", "2001:db8::1", "::ffff:10.0.0.0/104"].map(readNetwork)).toEqual([
    "10.0.0.0/8",
    "192.0.2.7/32",
    "2001:db8::1/128",
    "10.0.0.0/8",
  ]);
});

test.for([
  [["10.1.0.0/16"], ["10.0.0.0/8"], true],
  [["10.0.0.0/8"], ["10.1.0.0/16"], false],
  [["10.1.0.0/16", "192.0.2.1"], ["10.0.0.0/8"], false],
  [["10.1.0.0/16", "192.0.2.1"], ["192.0.2.0/24", "10.0.0.0/8"], true],
  [["2001:db8::/48"], ["10.0.0.0/8"], false],
  [null, ["10.0.0.0/8"], false],
  [["10.0.0.0/8"], null, true],
  [null, null, true],
] as const)("%j within %j: %s", ([inner, outer, isWithin]) => {
  expect(areWithin(inner, outer)).toBe(isWithin);
});

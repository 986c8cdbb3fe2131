import { connect } from "node:net";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readThrown } from "../../../../src/runner/sandbox/wire/thrown.ts";

/** The error of a connection that nobody takes, as Node makes it. */
const refused = (options: object): Promise<Error> =>
  new Promise((resolve) => connect({ port: 1, ...options }).once("error", resolve));

test.each([
  ["a text", "plain text", "plain text", []],
  ["an object", { code: "E1", detail: { port: 22 } }, "threw { code: 'E1', detail: { port: 22 } }", []],
  ["a list", [{ a: 1 }, "b"], "threw [ { a: 1 }, 'b' ]", []],
  ["nothing", undefined, "threw undefined", []],
  ["a number", 7, "threw 7", []],
  ["an object that speaks for itself", { toString: () => "in own words" }, "threw in own words", []],
  ["a cause that is an object", new Error("a", { cause: { code: "E2" } }), "a", ["Caused by: { code: 'E2' }"]],
  ["a cause that is a text", new Error("a", { cause: "the reason" }), "a", ["Caused by: the reason"]],
  ["a cause that is null", new Error("a", { cause: null }), "a", ["Caused by: null"]],
  ["a cause of a cause", new Error("a", { cause: new Error("b", { cause: 7 }) }), "a", ["Caused by: Error: b", "Caused by: 7"]],
  [
    "what an error carries",
    Object.assign(new Error("a"), { code: "E3", device: "core-1" }),
    "a",
    ["{ code: 'E3', device: 'core-1' }"],
  ],
  [
    "gathered errors",
    new AggregateError([new TypeError("x"), "y"], "all"),
    "all",
    ["One of its errors: TypeError: x", "One of its errors: y"],
  ],
  ["gathered errors without a message", new AggregateError([new Error("x"), new Error("y")]), "x; y", ["Error: x", "Error: y"]],
  ["a code without a message", Object.assign(new Error(""), { code: "E4" }), "E4", ["code: 'E4'"]],
  [
    "a cause that cannot be read",
    new Error("a", { cause: Object.create(null) }),
    "a",
    ["Error: a\n", "Caused by: a value that cannot be read"],
  ],
  ["an error of another realm", runInNewContext("new TypeError('far')"), "far", ["TypeError: far"]],
] as const)("a failure keeps the thrown value: %s", (_, thrown, message, told) => {
  const read = readThrown(thrown);
  expect(read.message).toBe(message);
  for (const text of told) expect(read.traceback).toContain(text);
});

test("an error of the system keeps its code, address and port, and one for several addresses all of them", async () => {
  const one = readThrown(await refused({ host: "127.0.0.1" }));
  expect(one.message).toBe("connect ECONNREFUSED 127.0.0.1:1");
  for (const text of ["code: 'ECONNREFUSED'", "syscall: 'connect'", "address: '127.0.0.1'", "port: 1"])
    expect(one.traceback).toContain(text);
  const all = (_: string, __: object, found: (error: null, addresses: object[]) => void) =>
    found(
      null,
      ["127.0.0.1", "127.0.0.2"].map((address) => ({ address, family: 4 })),
    );
  const several = readThrown(await refused({ host: "device", lookup: all, autoSelectFamily: true }));
  expect(several.message).toBe("connect ECONNREFUSED 127.0.0.1:1; connect ECONNREFUSED 127.0.0.2:1");
  expect(several.traceback).toContain("address: '127.0.0.2'");
});

test("errors that lead to each other in any way are told, each once, and no more than twenty", () => {
  const count = 6;
  const links = fc.array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1), fc.boolean()), { maxLength: 12 });
  fc.assert(
    fc.property(links, (given) => {
      const errors = Array.from({ length: count }, (_, n) => new AggregateError([], `error ${n}`));
      for (const [from, to, isCause] of given)
        if (isCause) errors[from]!.cause = errors[to];
        else errors[from]!.errors.push(errors[to]);
      const { message, traceback } = readThrown(errors[0]);
      expect(message).toBe("error 0");
      const reached = new Set([0]);
      for (const n of reached)
        for (const [from, to, isCause] of given) if (from === n && (!isCause || errors[n]!.cause === errors[to])) reached.add(to);
      const parts = traceback!.split(/^(?=One of its errors: |Caused by: )/m);
      expect(parts.length).toBeLessThanOrEqual(21);
      if (parts.length < 20)
        for (const n of reached)
          expect(parts.filter((part) => part.includes(`error ${n}\n`) && !part.includes("(told above)"))).toHaveLength(1);
    }),
  );
  let chain = new Error("first");
  for (let n = 0; n < 1000; n++) chain = new Error(`e${n}`, { cause: chain });
  expect(readThrown(chain).traceback!.match(/Caused by/g)).toHaveLength(19);
});

import { PassThrough } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createCell } from "../../../../src/runner/sandbox/host/cell.ts";
import {
  type FilePart,
  encodeFilePart,
  encodeOperation,
  encodeProgress,
  encodeReply,
  encodeSaid,
} from "../../../../src/runner/sandbox/wire/record-codec.ts";
import { createStreamReader } from "../../../../src/runner/sandbox/host/stream-pipe.ts";
import { EndedError, type Vessel } from "../../../../src/runner/sandbox/host/vessel.ts";
import type { RunListener } from "../../../../src/runner/sandbox/sandbox.ts";
import { listen } from "../../../support/listen.ts";

const READY = encodeReply({ kind: "ready" });

/** A vessel whose other end is ours: it says what a test writes into `says`, and dies when it is killed. */
function puppet() {
  const says = new PassThrough();
  const end = Promise.withResolvers<Error>();
  const asked = Promise.withResolvers<void>();
  const vessel: Vessel = {
    pipe: createStreamReader(says),
    ended: end.promise,
    post: () => asked.resolve(),
    watch: () => () => undefined,
    async kill() {
      says.destroy();
      end.resolve(new EndedError("killed"));
    },
  };
  const cell = createCell(
    () => vessel,
    { memoryLimitMb: 0, maxLines: 100 },
    () => undefined,
  );
  /** A run that is under way. */
  const run = async (on = listen().on) => {
    says.write(READY);
    const ended = cell.run(
      {
        file: "/jobs/a.ts",
        exportName: "A",
        isolation: "shared",
        jobResult: { id: "r", name: "A", token: "" },
        data: {},
        dryRun: false,
        limits: { softMs: 60_000, hardMs: 60_000 },
        user: null,
      },
      on,
      { signal: new AbortController().signal, graceMs: 0, end: undefined },
    );
    await asked.promise;
    return { ended };
  };
  return { says, cell, run, die: () => (says.end(), end.resolve(new EndedError("died"))) };
}

const outcome = (result: unknown, run = 1) =>
  encodeReply({ kind: "outcome", run, fit: true, outcome: { kind: "success", result } });

/** Outcome of a run when its vessel says this and then dies. */
async function outcomeOf(said: readonly (Buffer | string)[], on?: RunListener) {
  const { says, run, cell, die } = puppet();
  const { ended } = await run(on);
  for (const piece of said) if (!says.destroyed) says.write(piece);
  die();
  return ended.finally(() => cell.end());
}

const part: FilePart = { kind: "chunk", file: 1, bytes: Buffer.from("abc") };
const RECORDS = [
  encodeSaid(["INFO", "main", "m", 0, "", ""]),
  encodeSaid(["stdout", "p", 0]),
  encodeProgress({ done: 1, total: null, message: "" }),
  encodeFilePart({ kind: "file", file: 1, name: "f" }),
  encodeFilePart(part),
  encodeFilePart({ kind: "end", file: 1 }),
  encodeOperation({ operation: 1, document: "{ a }", json: "{}" }),
  outcome("done"),
];

test("the records that a sandbox writes are taken, and the outcome after them", async () => {
  expect(await outcomeOf(RECORDS)).toEqual({ kind: "success", result: "done" });
});

/** A record with one of its parts replaced. */
const mutated = fc
  .record({ record: fc.constantFrom(...RECORDS), at: fc.nat(5), by: fc.jsonValue(), drop: fc.boolean() })
  .map(({ record, at, by, drop }) => {
    const parts = JSON.parse(record) as unknown[];
    if (drop) parts.splice(at, 1);
    else parts[at] = by;
    return `${JSON.stringify(parts)}\n`;
  });

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));

test("a vessel may write anything: its run has an outcome and nothing throws", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(bytes, mutated, fc.constantFrom(...RECORDS)), { maxLength: 12 }), async (said) => {
      const ended = await outcomeOf(said);
      expect(["success", "failure"]).toContain(ended.kind);
      if (ended.kind === "failure") expect(ended.excMessage).toMatch(/killed|died|^The run was ended: it .*server's own\.$/);
    }),
    { numRuns: 500 },
  );
});

const deep = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const forged = (result: string) => outcome(0).replace('"result":0', `"result":${result}`);

test.for<[string, string[], string]>([
  ["bytes that are no JSON", ["\u0001\n"], "it wrote a record that is not JSON"],
  ["two records in one", ['[1],"x"\n'], "it wrote a record that is no list"],
  ["a level that is none", [encodeSaid(["constructor" as never, "main", "m", 0, "", ""])], "it wrote a log line of a wrong form"],
  [
    "a line with a NUL, which no database takes",
    [encodeSaid(["INFO", "main", "\0", 0, "", ""])],
    "it wrote a log line of a wrong form",
  ],
  ["a time that is none", [encodeSaid(["stdout", "", 1e300])], "it wrote a print of a wrong form"],
  ["a file that is a path", [encodeFilePart({ kind: "file", file: 1, name: "../a" })], "it wrote a record of an unknown form"],
  ["a file begun twice", [RECORDS[3]!, RECORDS[3]!], "it handed over too many files at once"],
  ["the outcome of another run", [outcome("forged", 2)], "it told the outcome of another run"],
  [
    "an answer that nobody asked for",
    [encodeReply({ kind: "validated", details: [] })],
    "it gave another answer than was asked for",
  ],
  ["an outcome of no kind", [outcome(0).replace("success", "__proto__")], "it gave an answer of a wrong form"],
  ["a result that is nested without end", [forged(deep(100_000))], "it gave an answer of a wrong form"],
  [
    "variables that are nested without end",
    [`["graphql",1,"{ a }",{"a":${deep(100_000)}}]\n`],
    "it wrote an operation of a wrong form",
  ],
  [
    "a record without end",
    Array.from({ length: 50 }, () => "x".repeat(1 << 20)),
    "it wrote a record of more than 49000000 bytes",
  ],
])("ends a run whose vessel says %s, with a reason", async ([, said, why]) => {
  expect(await outcomeOf(said)).toMatchObject({ excType: "BrokenMessage", excMessage: expect.stringContaining(`: ${why}.`) });
});

test.for([
  ["lines", RECORDS[0]!, "The run was ended: it said more than 100 lines, the most that MAX_RUN_LINES allows."],
  ["prints", RECORDS[1]!, "The run was ended: it printed more than 100 times, the most that MAX_RUN_LINES allows."],
])("a run may say so many %s, and is ended at the next", async ([, record, why]) => {
  expect(await outcomeOf([record!.repeat(60), record!.repeat(40), outcome("done")])).toMatchObject({ kind: "success" });
  const said = listen();
  expect(await outcomeOf([record!.repeat(60), record!.repeat(50), outcome("done")], said.on)).toMatchObject({
    excType: "LineLimitExceeded",
    excMessage: why,
  });
  expect([...said.lines, ...said.printed]).toHaveLength(100);
});

test("a vessel that speaks after its outcome is not used again", async () => {
  for (const late of [RECORDS[0]!, outcome("again"), READY]) {
    const { says, run, cell } = puppet();
    const { ended } = await run();
    says.write(outcome("done") + late);
    expect(await ended).toEqual({ kind: "success", result: "done" });
    await expect.poll(() => cell.fit).toBe(false);
    await cell.end();
  }
});

test("a vessel that closes its pipe and lives on ends its run", async () => {
  const { says, run } = puppet();
  const { ended } = await run();
  says.end();
  expect(await ended).toMatchObject({ excMessage: expect.stringContaining("it closed the way to the server") });
});

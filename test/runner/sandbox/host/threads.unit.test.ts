import { describe, expect, onTestFinished, test } from "vitest";
import { openThreads } from "../../../../src/runner/sandbox/host/cells.ts";
import { writeJobs } from "../../../support/app.ts";
import { IS_FULL } from "../../../support/full.ts";
import { listen } from "../../../support/listen.ts";
import { sandboxContract, type SandboxSettings } from "../../../support/contracts/sandbox.ts";

const open = (spares: number, settings: SandboxSettings) =>
  openThreads({ spares, shared: 2, memoryLimitMb: 0, maxLines: 10_000_000, onOutput: () => undefined, ...settings });

// Threads are the option; the whole contract holds processes, the default, in every run.
describe.runIf(IS_FULL)("threads", () => {
  sandboxContract((settings) => open(0, settings));
});

test("more runs at once than spares, and runs without any", async () => {
  const root = await writeJobs({ "a.ts": `export const A = defineJob({ name: "A", run: ({ data }) => data });` });
  for (const spares of [0, 1]) {
    const sandbox = open(spares, { env: {}, graceMs: 50 });
    onTestFinished(() => sandbox.close());
    const limits = { softMs: 60_000, hardMs: 120_000 };
    const task = {
      file: `${root}/a.ts`,
      exportName: "A",
      isolation: "run",
      data: {},
      dryRun: false,
      limits,
      user: null,
    } as const;
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, (_, n) =>
        sandbox.run({ ...task, jobResult: { id: String(n), name: "A", token: "t" } }, listen().on, new AbortController().signal),
      ),
    );
    expect(outcomes).toEqual(Array.from({ length: 5 }, () => ({ kind: "success", result: {} })));
  }
});

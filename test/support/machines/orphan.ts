import { openProcesses } from "../../../src/runner/sandbox/host/cells.ts";

// A server that is killed while a job runs in a process: prints what the job says first, its process's id.
const [file, exportName] = process.argv.slice(2);
const sandbox = openProcesses({
  env: {},
  spares: 0,
  shared: 0,
  graceMs: 50,
  memoryLimitMb: 0,
  maxLines: 10_000_000,
  onOutput: () => undefined,
});
void sandbox.run(
  {
    file: file!,
    exportName: exportName!,
    isolation: "process",
    data: {},
    dryRun: false,
    limits: { softMs: 60_000, hardMs: 120_000 },
    user: null,
    jobResult: { id: "r", name: "r", token: "t" },
  },
  {
    lines: async ([line]) => void (line && process.stdout.write(`${line.message}\n`)),
    printed: async () => undefined,
    progress: () => undefined,
    file: () => Promise.reject(new Error("none")),
    graphql: () => Promise.reject(new Error("none")),
  },
  new AbortController().signal,
);

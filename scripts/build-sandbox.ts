import { build } from "rolldown";

// One file of all that a run's thread loads; see src/runner/sandbox/entry.ts.
await build({
  input: "src/runner/sandbox/entry.ts",
  platform: "node",
  output: { file: "dist/sandbox/entry.js", format: "esm" },
});

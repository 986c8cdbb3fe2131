import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";

// Builds the parts that differ from the last build, by the content of their sources: times say nothing of files that were moved or deleted.

/** A part of dist/: its sources, and the way to build it. */
interface Part {
  sources: string[];
  /** Files that the build leaves, and that others may write as well. */
  notes?: string;
  /** File with the fingerprint of the sources, written once the part is made. */
  stamp: string;
  make: () => Promise<void>;
}

const SHARED = ["scripts/build.ts", "package.json", "node_modules/.package-lock.json"];

const code: Part & { notes: string } = {
  sources: [...SHARED, "tsconfig.json", "tsconfig.build.json", "src/**/*"],
  notes: "dist/.tsbuildinfo",
  stamp: "dist/.code",
  async make() {
    // A build that was broken off has left files that the notes do not tell of.
    if (!existsSync(code.stamp)) rmSync(code.notes, { force: true });
    rmSync(code.stamp, { force: true });
    execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], { stdio: "inherit" });
    for (const output of globSync("dist/**/*.js", { exclude: ["dist/graphiql", "dist/compile-cache", "dist/sandbox"] }))
      if (!existsSync(output.replace(/^dist/, "src").replace(/js$/, "ts"))) rmSync(output);
    const { build } = await import("rolldown");
    // Bundles all that a run's thread loads into one file; see src/runner/sandbox/inside/entry.ts.
    await build({
      input: "src/runner/sandbox/inside/entry.ts",
      platform: "node",
      output: { file: "dist/sandbox/entry.js", format: "esm" },
    });
  },
};

const page: Part = {
  sources: [...SHARED, "graphiql/**/*"],
  stamp: "dist/.graphiql",
  async make() {
    rmSync(page.stamp, { force: true });
    const { build } = await import("vite");
    await build({ root: "graphiql", logLevel: "warn" });
  },
};

function digest(patterns: string[]): string {
  const hash = createHash("sha256");
  for (const path of globSync(patterns).toSorted())
    if (statSync(path).isFile()) hash.update(`${path}\0`).update(createHash("sha256").update(readFileSync(path)).digest());
  return hash.digest("hex");
}

for (const part of [code, page] as Part[]) {
  const sources = digest(part.sources);
  const stampNow = () => (part.notes ? `${sources} ${digest([part.notes])}` : sources);
  if (existsSync(part.stamp) && readFileSync(part.stamp, "utf8") === stampNow()) continue;
  try {
    await part.make();
  } catch (error) {
    // The compiler has printed the errors.
    if (error instanceof Error && "status" in error) process.exit(1);
    throw error;
  }
  mkdirSync("dist", { recursive: true });
  writeFileSync(part.stamp, stampNow());
}

import { connect } from "node:net";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const POSTGRESQL_URL = process.env["TEST_POSTGRESQL_URL"] ?? "postgresql://postgres@127.0.0.1:5432/postgres";

/** Whether somebody listens where PostgreSQL is expected. */
async function isReachable(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port || 5432), hostname);
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

const isRequired = process.env["REQUIRE_POSTGRESQL"] === "1";
const withPostgresql = isRequired || (await isReachable(POSTGRESQL_URL));
if (!withPostgresql)
  console.log("PostgreSQL is not reachable: its part of the suite is skipped. Set TEST_POSTGRESQL_URL to run it.");

/** Subjects that databases do differently, and those of PostgreSQL alone. The long run has all others on PostgreSQL as well. */
const DIALECTS = ["test/**/*.{dialect,postgresql}.test.ts"];

const project = (name: string, databaseUrl: string, include: string[], exclude: string[] = []) => ({
  extends: true as const,
  test: { name, provide: { databaseUrl }, include, exclude },
});
export default defineConfig(({ mode }) => ({
  resolve: {
    // One copy of graphql: type-graphql loads its CommonJS build, and schemas are checked with instanceof.
    alias: [
      { find: /^graphql$/, replacement: createRequire(import.meta.url).resolve("graphql") },
      { find: /^jobgraph$/, replacement: new URL("src/sdk/define-job.ts", import.meta.url).pathname },
    ],
  },
  test: {
    provide: { isFull: mode === "full", postgresqlUrl: withPostgresql ? POSTGRESQL_URL : undefined },
    globalSetup: ["test/support/global-setup.ts"],
    setupFiles: ["test/support/setup.ts"],
    // Modules are evaluated once a worker: evaluating them for each file took an eighth of the suite's time. No test leaves state in one.
    isolate: false,
    maxWorkers: availableParallelism(),
    // Bounds on what hangs, not on what is slow: a busy machine takes many times as long as an idle one.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000, interval: 10 } },
    projects: [
      // Files are taken in the order of their projects' names: the one that takes longest comes first, and the others go on beside it.
      project("e2e", "sqlite:", ["test/e2e/**/*.test.ts"]),
      project("unit", "sqlite:", ["test/**/*.unit.test.ts"]),
      project("sqlite", "sqlite:", ["test/**/*.test.ts"], ["test/e2e/**", "test/**/*.{unit,postgresql}.test.ts"]),
      ...(withPostgresql
        ? [
            project("postgresql", POSTGRESQL_URL, mode === "full" ? ["test/**/*.test.ts"] : DIALECTS, [
              "test/e2e/**",
              "test/**/*.unit.test.ts",
            ]),
          ]
        : []),
    ],
  },
}));

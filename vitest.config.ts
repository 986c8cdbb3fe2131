import { connect } from "node:net";
import { createRequire } from "node:module";
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
  console.log("PostgreSQL is not reachable: its half of the suite is skipped. Set TEST_POSTGRESQL_URL to run it.");

const onDatabase = (name: string, databaseUrl: string) => ({
  extends: true as const,
  test: { name, provide: { databaseUrl }, include: ["test/**/*.test.ts"], exclude: ["test/{unit,e2e}/**"] },
});

export default defineConfig({
  resolve: {
    // One copy of graphql: type-graphql loads its CommonJS build, and schemas are checked with instanceof.
    alias: [
      { find: /^graphql$/, replacement: createRequire(import.meta.url).resolve("graphql") },
      { find: /^jobgraph$/, replacement: new URL("src/runner/define-job.ts", import.meta.url).pathname },
    ],
  },
  test: {
    globalSetup: ["test/support/global-setup.ts"],
    setupFiles: ["test/support/setup.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    projects: [
      { extends: true, test: { name: "unit", provide: { databaseUrl: "sqlite:" }, include: ["test/{unit,e2e}/**/*.test.ts"] } },
      onDatabase("sqlite", "sqlite:"),
      ...(withPostgresql ? [onDatabase("postgresql", POSTGRESQL_URL)] : []),
    ],
  },
});

import { inject } from "vitest";

/** True in the long run, `npm run test:full`: every storm at its full size, on every database. */
export const IS_FULL = inject("isFull");

/** Returns the size of a storm: `brief` in `npm test`, `full` in `npm run test:full`. */
export const sized = <Size>(brief: Size, full: Size): Size => (IS_FULL ? full : brief);

/** A database that servers of a test run on. */
export type DatabaseKind = "postgresql" | "sqlite";

/**
 * Returns the databases that a scenario of real servers runs on: `brief` in `npm test`, both in `npm run test:full`. PostgreSQL is replaced by SQLite
 * where it is not reachable.
 */
export function databaseKinds(brief: DatabaseKind): readonly DatabaseKind[] {
  if (inject("postgresqlUrl") === undefined) return ["sqlite"];
  return IS_FULL ? ["sqlite", "postgresql"] : [brief];
}

/** Returns the seed of a test's random draws: `SEED`, or another one at each run. The test that fails prints it. */
export const drawSeed = (): number => Number(process.env["SEED"] ?? Date.now() % 2 ** 31);

import type { Client } from "./client.ts";
import type { BenchServer } from "./server.ts";
import type { Statistic } from "./statistics.ts";

/** The object of a measurement: a database of one kind, and a server on it. */
export interface Bench {
  /** True when the figures need only be good enough to see that everything works. */
  readonly quick: boolean;
  /** Number of times that a workload measures the same thing. */
  readonly repetitions: number;
  /** The server that all workloads share; no other runs meanwhile, except those that a workload starts itself. */
  readonly server: BenchServer;
  /** A keep-alive connection of its own to the shared server. */
  connect(): Client;
  /** URL of an empty database; removed when the bench is over. */
  freshDatabase(): Promise<string>;
  /** URL of a database that `npm run seed` has filled, with these arguments; removed when the bench is over. */
  seededDatabase(...args: string[]): Promise<string>;
  /** Starts a server of one's own; ended when the bench is over, if it was not before. Without `jobs` it has only those of its database. */
  startServer(databaseUrl: string, options?: { jobs: boolean }): Promise<BenchServer>;
}

/** A line of the table. */
export interface Row {
  name: string;
  unit: string;
  statistic: Statistic;
  /** Samples, a list each repetition: the figure is the statistic of all, its range that of the repetitions. */
  repetitions: readonly (readonly number[])[];
  /** Figure of Nautobot 3.2.7 for the same work, on a machine of this kind. */
  nautobot?: string;
  /** Figure of PostGraphile 5.1.5, which reads and does nothing else, for the same work on PostgreSQL. */
  postgraphile?: string;
}

/** A thing to measure. */
export interface Workload {
  /** Its name for `--only`. */
  name: string;
  run(bench: Bench): Promise<Row[]>;
}

/** Measures as often as the bench asks for, one after the other. */
export async function repeat<T>({ repetitions }: Bench, measure: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let n = 0; n < repetitions; n++) results.push(await measure());
  return results;
}

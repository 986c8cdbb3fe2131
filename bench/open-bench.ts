import { createClient } from "./client.ts";
import type { DatabaseServer } from "./databases.ts";
import { seed } from "./seed.ts";
import { BENCH_JOBS, KEY, startServer } from "./server.ts";
import type { Bench } from "./workload.ts";

/** Dependencies of {@link openBench}. */
export interface BenchDeps {
  databases: DatabaseServer;
  /** A folder for the servers to write to. */
  scratch: string;
  /** Takes all that has to be ended, as soon as it exists. */
  stack: AsyncDisposableStack;
  /** Once aborted, nothing new is started. */
  signal: AbortSignal;
  quick: boolean;
}

/** Starts the shared server on a fresh database. */
export async function openBench({ databases, scratch, stack, signal, quick }: BenchDeps): Promise<Bench> {
  async function start(databaseUrl: string, { jobs } = { jobs: true }) {
    signal.throwIfAborted();
    return startServer(databaseUrl, scratch, (stop) => stack.defer(stop), jobs ? BENCH_JOBS : scratch);
  }
  async function freshDatabase() {
    signal.throwIfAborted();
    return databases.create();
  }

  async function seededDatabase(...args: string[]) {
    const url = await freshDatabase();
    await seed(url, args, signal);
    await databases.analyze(url);
    return url;
  }

  const server = await start(await freshDatabase());
  return {
    quick,
    repetitions: quick ? 1 : 3,
    server,
    connect: () => stack.adopt(createClient(server.url, KEY), (client) => client.close()),
    freshDatabase,
    seededDatabase,
    startServer: start,
  };
}

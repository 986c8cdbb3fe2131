import { createClient } from "../client.ts";
import { KEY } from "../server.ts";
import { median } from "../statistics.ts";
import type { Bench, Workload } from "../workload.ts";

/** From spawning the process to the first answered query: on an empty database, then on the one that this made. */
export const startUp: Workload = {
  name: "start-up",
  async run(bench) {
    const fresh: number[][] = [];
    const existing: number[][] = [];
    for (let n = 0; n < (bench.quick ? 1 : 4); n++) {
      const database = await bench.freshDatabase();
      fresh.push([await startOnce(bench, database)]);
      existing.push([await startOnce(bench, database)]);
    }
    return [
      { name: "start-up to first answer, new database", unit: "ms", statistic: median, repetitions: fresh },
      {
        name: "start-up to first answer, existing database",
        unit: "ms",
        statistic: median,
        repetitions: existing,
        nautobot: "20 s",
      },
    ];
  },
};

async function startOnce(bench: Bench, database: string): Promise<number> {
  const began = performance.now();
  const server = await bench.startServer(database);
  const client = createClient(server.url, KEY);
  await client.query("{ jobs { name } }");
  const took = performance.now() - began;
  client.close();
  await server.stop();
  return took;
}

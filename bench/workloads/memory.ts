import { setTimeout as delay } from "node:timers/promises";
import { median } from "../statistics.ts";
import type { Bench, Row, Workload } from "../workload.ts";

/** Longer than the server keeps memory that only its start needed. */
const SETTLE_MS = 12_000;

/** Resident memory of a server that has just started, and of the shared one after the other workloads. */
export const memory: Workload = {
  name: "memory",
  async run(bench) {
    const after = bench.server.rss();
    return [row("memory when idle", await idle(bench), "1.6 GB"), row("memory after the workloads", after)];
  },
};

async function idle(bench: Bench): Promise<number> {
  const server = await bench.startServer(await bench.freshDatabase());
  await delay(SETTLE_MS);
  const bytes = server.rss();
  await server.stop();
  return bytes;
}

function row(name: string, bytes: number, nautobot?: string): Row {
  return { name, unit: "MB", statistic: median, repetitions: [[bytes / 1e6]], ...(nautobot && { nautobot }) };
}

import type { Client } from "../client.ts";
import { createClient } from "../client.ts";
import { KEY } from "../server.ts";
import { median, p99 } from "../statistics.ts";
import { type Bench, repeat, type Row, type Workload } from "../workload.ts";
import { prepare } from "./reading/ask.ts";
import { DATA_SET, QUERIES, type ReadQuery } from "./reading/queries.ts";

const CLIENTS = 16;

/** Queries of growing size on a seeded database: how long one client waits, and how many answers many clients get. */
export const reading: Workload = {
  name: "reading",
  async run(bench) {
    const server = await bench.startServer(await bench.seededDatabase(...DATA_SET), { jobs: false });
    const clients = Array.from({ length: CLIENTS }, () => createClient(server.url, KEY));
    const rows: Row[] = [];
    for (const query of QUERIES) rows.push(...(await measure(bench, clients, query)));
    for (const client of clients) client.close();
    await server.stop();
    return rows;
  },
};

async function measure(bench: Bench, clients: readonly Client[], query: ReadQuery): Promise<Row[]> {
  const ask = await prepare(clients[0]!, query);
  const spell = bench.quick ? 200 : 1500;
  await during(spell, clients, ask);
  const measured = await repeat(bench, async () => {
    const alone = await during(spell, clients.slice(0, 1), ask);
    const began = performance.now();
    const together = await during(spell, clients, ask);
    return { alone, perSecond: [(1000 * together.length) / (performance.now() - began)] };
  });
  const latencies = measured.map(({ alone }) => alone);
  const perSecond = measured.map((one) => one.perSecond);
  const { name, nautobot, postgraphile } = query;
  return [
    {
      name: `${name}: p50`,
      unit: "ms",
      statistic: median,
      repetitions: latencies,
      ...(nautobot && { nautobot: nautobot.p50 }),
      postgraphile: postgraphile.p50,
    },
    { name: "… p99", unit: "ms", statistic: p99, repetitions: latencies },
    {
      name: `… ${CLIENTS} clients`,
      unit: "/s",
      statistic: median,
      repetitions: perSecond,
      ...(nautobot && { nautobot: nautobot.perSecond }),
      postgraphile: postgraphile.perSecond,
    },
  ];
}

/** All clients ask again and again, until the time is over. @returns how long each answer took, in milliseconds. */
async function during(ms: number, clients: readonly Client[], ask: (client: Client) => Promise<void>): Promise<number[]> {
  const end = performance.now() + ms;
  const took: number[] = [];
  await Promise.all(
    clients.map(async (client) => {
      for (let began = performance.now(); began < end;) {
        await ask(client);
        const now = performance.now();
        took.push(now - began);
        began = now;
      }
    }),
  );
  return took;
}

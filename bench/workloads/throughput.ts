import { finished, launch } from "../runs.ts";
import { median } from "../statistics.ts";
import { repeat, type Workload } from "../workload.ts";

const CLIENTS = 16;

/** Many clients ask for no-op runs at once, as fast as they are answered: from the first request to the end of the last run. */
export const throughput: Workload = {
  name: "throughput",
  async run(bench) {
    const clients = Array.from({ length: CLIENTS }, () => bench.connect());

    async function measure(job: "Noop" | "SharedNoop", count: number) {
      let left = count;
      const ids: string[] = [];
      const cpu = process.cpuUsage();
      const began = Date.now();
      await Promise.all(
        clients.map(async (client) => {
          while (left-- > 0) ids.push(await launch(client, job));
        }),
      );
      const { user, system } = process.cpuUsage(cpu);
      const launched = Date.now();
      // Runs end in the order they were asked for, more or less: after the last one few questions are left.
      let ended = 0;
      for (const id of ids.toReversed()) ended = Math.max(ended, (await finished(clients[0]!, id)).done);
      return { perSecond: (1000 * count) / (ended - began), load: (user + system) / 10 / (launched - began) };
    }

    const measured = await repeat(bench, () => measure("Noop", bench.quick ? 50 : 150));
    const shared = await repeat(bench, () => measure("SharedNoop", bench.quick ? 200 : 2000));
    return [
      {
        name: `no-op runs, a fresh process each`,
        unit: "/s",
        statistic: median,
        repetitions: measured.map(({ perSecond }) => [perSecond]),
        nautobot: "12 /s",
      },
      {
        name: "no-op runs, sharing processes",
        unit: "/s",
        statistic: median,
        repetitions: shared.map(({ perSecond }) => [perSecond]),
        nautobot: "12 /s",
      },
      {
        name: "… load generator, of one core",
        unit: "%",
        statistic: median,
        repetitions: shared.map(({ load }) => [load]),
      },
    ];
  },
};

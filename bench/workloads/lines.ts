import type { Client } from "../client.ts";
import { finished, launch } from "../runs.ts";
import { median } from "../statistics.ts";
import { repeat, type Workload } from "../workload.ts";

/** A run logs lines in a loop: from its first line to its end, when all are stored. */
export const lines: Workload = {
  name: "lines",
  async run(bench) {
    const client = bench.connect();
    const count = bench.quick ? 10_000 : 100_000;
    const perSecond = await repeat(bench, async () => {
      const { id, done } = await finished(client, await launch(client, "Lines", { count }));
      return [(1000 * count) / (done - (await firstLine(client, id, count)))];
    });
    return [
      { name: `lines of one run that says ${count}`, unit: "/s", statistic: median, repetitions: perSecond, nautobot: "850 /s" },
    ];
  },
};

/** Returns the time of the first line, in milliseconds since the epoch. @throws Error when lines are missing. */
async function firstLine(client: Client, id: string, count: number): Promise<number> {
  const { job_result: run } = await client.query<{
    job_result: { info_log_count: number; job_log_entries: { created: string }[] };
  }>(`query ($id: ID!) { job_result(id: $id) { info_log_count job_log_entries(limit: 1, sort: ["sequence"]) { created } } }`, {
    id,
  });
  if (run.info_log_count !== count) throw new Error(`${count} lines were said, and ${run.info_log_count} are stored.`);
  return Date.parse(run.job_log_entries[0]!.created);
}

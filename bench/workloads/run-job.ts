import { setTimeout as delay } from "node:timers/promises";
import { finished, type FinishedRun, launch } from "../runs.ts";
import { median, p99 } from "../statistics.ts";
import { repeat, type Workload } from "../workload.ts";

/** Time for the server to come to rest after a run, and to start the process that the next one needs. */
const PAUSE_MS = 50;

/** A client requests no-op runs, each {@link PAUSE_MS} after the end of the one before: nothing ever waits in a queue. */
export const runJob: Workload = {
  name: "run-job",
  async run(bench) {
    const client = bench.connect();

    async function measure(calls: number) {
      const latencies: number[] = [];
      const runs: FinishedRun[] = [];
      for (let n = 0; n < calls; n++) {
        const began = performance.now();
        const id = await launch(client, "Noop");
        latencies.push(performance.now() - began);
        runs.push(await finished(client, id));
        await delay(PAUSE_MS);
      }
      return {
        latencies,
        toStart: runs.map((run) => run.started - run.created),
        toEnd: runs.map((run) => run.done - run.created),
      };
    }

    await measure(bench.quick ? 5 : 20);
    const measured = await repeat(bench, () => measure(bench.quick ? 25 : 100));
    const latencies = measured.map((one) => one.latencies);
    const toStart = measured.map((one) => one.toStart);
    const toEnd = measured.map((one) => one.toEnd);
    return [
      { name: "run_job, p50", unit: "ms", statistic: median, repetitions: latencies, nautobot: "54 ms" },
      { name: "run_job, p99", unit: "ms", statistic: p99, repetitions: latencies },
      { name: "created → started, p50", unit: "ms", statistic: median, repetitions: toStart, nautobot: "15–40 ms" },
      { name: "created → started, p99", unit: "ms", statistic: p99, repetitions: toStart },
      { name: "created → done, p50", unit: "ms", statistic: median, repetitions: toEnd },
    ];
  },
};

import { defineJob, z } from "jobgraph";

/** Does nothing: a run of it costs only the server's own work. */
export const Noop = defineJob({ name: "Bench: no-op", enabled: true, run: () => null });

/** Does nothing, in a process that runs share. */
export const SharedNoop = defineJob({ name: "Bench: shared no-op", enabled: true, isolation: "shared", run: () => null });

/** Says lines as fast as it can. */
export const Lines = defineJob({
  name: "Bench: lines",
  enabled: true,
  variables: z.object({ count: z.number().int().positive() }),
  run({ data, logger }) {
    for (let n = 1; n <= data.count; n++) logger.info(`Interface Ethernet${n} of the device is up, as it should be`);
  },
});

/** Says so many lines a second; each is the moment at which it was said, in milliseconds since the epoch. */
export const PacedLines = defineJob({
  name: "Bench: paced lines",
  enabled: true,
  variables: z.object({ perSecond: z.number().positive(), seconds: z.number().positive() }),
  async run({ data, logger, signal }) {
    const began = performance.now();
    const count = Math.ceil(data.perSecond * data.seconds);
    for (let said = 0; said < count && !signal.aborted;) {
      const due = Math.min(count, ((performance.now() - began) * data.perSecond) / 1000);
      for (; said < due; said++) logger.info(`${performance.timeOrigin + performance.now()}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  },
});

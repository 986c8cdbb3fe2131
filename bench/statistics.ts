/** Makes one number of many. */
export type Statistic = (samples: readonly number[]) => number;

/** The smallest sample that `share` of all samples do not exceed. */
function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** Half of the samples are not above it. */
export const median: Statistic = (samples) => percentile(samples, 0.5);

/** The 99th percentile: a sample in a hundred is above it. */
export const p99: Statistic = (samples) => percentile(samples, 0.99);

/** The 95th percentile: a sample in twenty is above it. */
export const p95: Statistic = (samples) => percentile(samples, 0.95);

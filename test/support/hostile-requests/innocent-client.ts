import { fork } from "node:child_process";
import { once } from "node:events";
import { onTestFinished } from "vitest";
import type { Samples } from "./innocent-program.ts";

/** Somebody who asks a server small things all the while, in a process of their own. */
export interface InnocentClient {
  /** Returns what became of all that was asked since the last time, or since the start; not before it has asked so often. */
  take(atLeast?: number): Promise<Samples>;
}

/** Starts one; it goes on until the test is over. */
export async function startInnocentClient(url: string, key: string): Promise<InnocentClient> {
  const child = fork(new URL("./innocent-program.ts", import.meta.url).pathname, [url, key], { execArgv: [] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child, "message");
  return {
    async take(atLeast = 1) {
      const answer = once(child, "message") as Promise<[Samples]>;
      child.send(atLeast);
      return (await answer)[0];
    },
  };
}

/** A part of the samples is at most as long as this. */
export function percentile({ latencies }: Pick<Samples, "latencies">, part: number): number {
  return latencies.toSorted((a, b) => a - b)[Math.min(latencies.length - 1, Math.floor(latencies.length * part))] ?? Number.NaN;
}

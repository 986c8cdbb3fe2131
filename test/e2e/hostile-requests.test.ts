import { appendFileSync } from "node:fs";
import { expect, test } from "vitest";
import { post } from "../support/client.ts";
import { databaseKinds, IS_FULL, sized } from "../support/full.ts";
import { type HostileRequest, hostileRequests, type Target, type Told } from "../support/hostile-requests/corpus.ts";
import { percentile, startInnocentClient } from "../support/hostile-requests/innocent-client.ts";
import { openTarget } from "../support/hostile-requests/target.ts";
import { createPerson } from "../support/people.ts";
import { forgetHighWater, highWater } from "../support/machines/memory.ts";

/** A file to which each request adds a line: the database, milliseconds, the end. */
const LIST = process.env["HOSTILE_LIST"];
/** Families to send, by name and separated by commas; all when it is empty. */
const ONLY = process.env["HOSTILE_FAMILIES"]?.split(",");
/** The long run sends every document over every transport, on as many rows as a year leaves. */
const SIZE = {
  rows: sized({ jobs: 20, results: 500, lines: 60 }, { jobs: 20, results: 8000, lines: 100 }),
  largeResult: sized(4_000_000, 15_000_000),
  crowd: sized(25, 100),
};

/** Bars of time and memory, which `BARS=1` holds a server to; a busy machine breaks each of them by itself. */
const BARS = {
  answeredMs: 1000,
  refusedMs: 100,
  serverMb: 400,
  /** Times that an innocent client's p99 may grow, from that of the client alone. */
  times: 3,
  /** A delay that nobody notices, and that two busy cores add by themselves, in milliseconds: a p99 below is as good as any. */
  unnoticedMs: 50,
};

const ARE_BARS = process.env["BARS"] === "1";

const figuresOf = (samples: { latencies: number[] }) => ({
  p50: Number(percentile(samples, 0.5).toFixed(1)),
  p99: Number(percentile(samples, 0.99).toFixed(1)),
});

const nameOf = ({ family, words, through }: HostileRequest) => `${family}: ${words} (${through})`;

async function send(request: HostileRequest, target: Target): Promise<Told & { ms: number; wrong: string | undefined }> {
  const began = performance.now();
  const told = await request.send(target).catch((error: Error): Told => ({ end: "failed", says: error.stack ?? "" }));
  const ms = told.ms ?? performance.now() - began;
  const isDue =
    request.due.includes(told.end) && (!told.says || told.end === "answered" || (request.says ?? /./).test(told.says));
  const wrong = isDue
    ? undefined
    : `${nameOf(request)}: ${request.due.join(" or ")} is due, and it was ${told.end}: ${told.says.slice(0, 300)}`;
  return { ...told, ms, wrong };
}

async function ask({ url, key }: Target): Promise<string> {
  const { status } = await post(url, key, { query: "{ jobs(limit: 1) { id } }" });
  return status === 200 ? "answered" : `HTTP ${status}`;
}

test.for(databaseKinds("postgresql"))(
  "hostile requests are answered or refused, and nobody else notices: %s",
  { timeout: sized(300_000, 7_200_000) },
  async (kind) => {
    const { server, target: opened } = await openTarget(kind, SIZE);
    const target: Target = { ...opened, key: (await createPerson(server, { username: "hostile" })).key };
    const { key: innocentKey } = await createPerson(server, { username: "innocent" });
    const pid = server.process.pid!;
    const innocent = await startInnocentClient(server.url, innocentKey);
    forgetHighWater(pid);
    const baseline = await innocent.take(sized(200, 1000));
    const all: number[] = [];

    const wrong: string[] = [];
    const over: string[] = [];
    const requests = hostileRequests(IS_FULL).filter(({ family }) => !ONLY || ONLY.includes(family));
    expect(new Set(requests.map(({ family, words }) => `${family}: ${words}`)).size).toBeGreaterThanOrEqual(ONLY ? 1 : 120);
    const families = new Map<string, HostileRequest[]>();
    for (const request of requests) families.set(request.family, [...(families.get(request.family) ?? []), request]);
    const table: Record<string, object> = { "(nobody else)": { "server MB": highWater(pid).server, ...figuresOf(baseline) } };
    for (const [family, members] of families) {
      forgetHighWater(pid);
      const ends = [];
      for (const request of members) {
        const sent = await send(request, target);
        if (LIST) appendFileSync(LIST, `${kind} ${Math.round(sent.ms)} ${sent.end} ${nameOf(request)}\n`);
        ends.push(sent);
        const mayTake = sent.end === "answered" ? BARS.answeredMs : BARS.refusedMs;
        if (sent.end !== "left" && sent.ms > mayTake)
          over.push(`${nameOf(request)}: ${sent.end} after ${Math.round(sent.ms)} ms`);
        if (sent.wrong) wrong.push(sent.wrong);
        // The memory and the slots of the request are free again.
        await expect.poll(() => ask(target), { interval: 50 }).toBe("answered");
      }
      const samples = await innocent.take();
      all.push(...samples.latencies);
      wrong.push(...samples.wrong.map((what) => `an innocent client, beside ${family}: ${what}`));
      const memory = highWater(pid);
      if (memory.server > BARS.serverMb) over.push(`${family}: ${memory.server} MB`);
      const worst = (list: { ms: number }[]) => Math.round(Math.max(0, ...list.map(({ ms }) => ms)));
      table[family] = {
        requests: members.length,
        "answered ms": worst(ends.filter(({ end }) => end === "answered")),
        "refused ms": worst(ends.filter(({ end }) => end !== "answered" && end !== "left")),
        "server MB": memory.server,
        ...memory.children,
        ...figuresOf(samples),
      };
    }
    table["(all)"] = { requests: requests.length, ...figuresOf({ latencies: all }) };
    const [alone, beside] = [percentile(baseline, 0.99), percentile({ latencies: all }, 0.99)];
    if (beside > Math.max(BARS.unnoticedMs, BARS.times * alone))
      over.push(`an innocent client: a p99 of ${Math.round(beside)} ms, and of ${Math.round(alone)} ms alone`);
    console.log([kind, ...(ARE_BARS ? over : [])].join("\n"));
    console.table(table);
    expect(wrong).toEqual([]);
    if (ARE_BARS) expect(over).toEqual([]);
    expect(server.process.exitCode).toBeNull();
    expect(server.output()).not.toContain("an operation failed");
    expect(await server.client.query("{ __typename }")).toEqual({ __typename: "Query" });
  },
);

import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import WebSocket from "ws";
import { expect, onTestFinished, test } from "vitest";
import type { Line } from "../support/client.ts";
import { IS_FULL, sized } from "../support/full.ts";
import { message } from "../support/machines/live-server.ts";
import { scratchFolder, type ServerProcess, startServer } from "../support/machines/process.ts";

const KEY = "test-key-0123456789abcdef";
const LINES = sized(100_000, 1_000_000);
const PER_SECOND = 30_000;
/** Bytes that the server may grow by: resident, and on the heap after a collection. */
const MAX_GROWTH = { rss: 64 * 1024 * 1024, heap: 16 * 1024 * 1024 };

// The lines after the moment would not fit into any buffer that is allowed.
const JOBS = `import { defineJob } from "jobgraph";
export const Flood = defineJob({ name: "Flood", enabled: true, async run({ logger }) {
  const began = performance.now();
  for (let said = 0; said < ${LINES};) {
    const due = Math.min(${LINES}, (performance.now() - began) * ${PER_SECOND / 1000});
    for (; said < due; said++) logger.info((performance.timeOrigin + performance.now()) + " ".repeat(500));
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
} });
`;
const LOG = `subscription ($id: ID!, $after: Int!) { job_log_entries(job_result_id: $id, after_sequence: $after) { sequence message } }`;

interface Answer {
  type?: string;
  payload?: { data: { job_log_entries: Line[] } };
  data?: { job_log_entries: Line[] };
}

/** Someone who follows a run over one transport. `over` resolves when the stream has ended or was cut. */
interface Following {
  over: Promise<"complete" | "cut">;
  pause(): void;
  resume(): void;
}
type Follow = (server: ServerProcess, id: string, after: number, onLines: (lines: Line[]) => void) => Following;

const overWebSocket: Follow = (server, id, after, onLines) => {
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
  onTestFinished(() => socket.terminate());
  socket.once("open", () => socket.send(message("connection_init", undefined, { Authorization: `Token ${KEY}` })));
  const over = new Promise<"complete" | "cut">((resolve) => {
    socket.once("close", () => resolve("cut"));
    socket.on("message", (text: Buffer) => {
      const { type, payload } = JSON.parse(text.toString()) as Answer;
      if (type === "connection_ack") socket.send(message("subscribe", "1", { query: LOG, variables: { id, after } }));
      else if (type === "next") onLines(payload!.data.job_log_entries);
      else if (type === "complete") resolve("complete");
    });
  });
  return { over, pause: () => socket.pause(), resume: () => socket.resume() };
};

const overEventStream: Follow = (server, id, after, onLines) => {
  let response: IncomingMessage | undefined;
  const over = new Promise<"complete" | "cut">((resolve, reject) => {
    const asked = request(`${server.url}/graphql`, {
      method: "POST",
      headers: { accept: "text/event-stream", "content-type": "application/json", authorization: `Token ${KEY}` },
    });
    onTestFinished(() => void asked.destroy());
    asked.once("error", reject);
    asked.once("response", (answer) => {
      response = answer;
      answer.once("close", () => resolve("cut"));
      createInterface({ input: answer }).on("line", (line) => {
        if (line === "event: complete") resolve("complete");
        else if (line.startsWith("data: {")) onLines((JSON.parse(line.slice("data: ".length)) as Answer).data!.job_log_entries);
      });
    });
    asked.end(JSON.stringify({ query: LOG, variables: { id, after } }));
  });
  return { over, pause: () => response!.pause(), resume: () => response!.resume() };
};

/** Returns the bytes of a process: resident, and on its heap after a collection. */
async function memoryOf(server: ServerProcess): Promise<{ rss: number; heap: number }> {
  // The last one: a server with secrets in its environment has started itself again without them.
  const [, url] = [...server.output().matchAll(/Debugger listening on (ws:\S+)/g)].at(-1)!;
  const inspector = new WebSocket(url!);
  await new Promise((resolve) => inspector.once("open", resolve));
  const call = (method: string) =>
    new Promise<{ usedSize: number }>((resolve) => {
      inspector.once("message", (text: Buffer) => resolve(JSON.parse(text.toString()).result));
      inspector.send(JSON.stringify({ id: 1, method }));
    });
  const rss = Number(/^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${server.process.pid}/status`, "utf8"))![1]) * 1024;
  await call("HeapProfiler.collectGarbage");
  const { usedSize } = await call("Runtime.getHeapUsage");
  inspector.terminate();
  return { rss, heap: usedSize };
}

const p95 = (samples: number[]) => samples.toSorted((a, b) => a - b)[Math.floor(samples.length * 0.95)]!;

test(
  "clients that stop reading take no memory and no time from the others, and catch up by their cursor",
  async () => {
    const folder = await scratchFolder();
    await mkdir(join(folder, "jobs"));
    await writeFile(join(folder, "jobs", "floods.ts"), JOBS);
    const server = await startServer({
      DATABASE_URL: `sqlite:${folder}/jobgraph.db`,
      JOBS_ROOT: join(folder, "jobs"),
      ADMIN_TOKEN: KEY,
      NODE_OPTIONS: "--inspect=127.0.0.1:0",
    });
    const { run_job: run } = await server.client.query(`mutation { run_job(class_path: "floods.Flood") { id } }`);

    const latencies = { before: [] as number[], after: [] as number[] };
    let memoryBefore: Promise<{ rss: number; heap: number }> | undefined;
    const half = LINES / 2;
    const others = [overWebSocket, overEventStream].map((follow) => {
      let last = 0;
      const { over } = follow(server, run.id, 0, (lines) => {
        const now = performance.timeOrigin + performance.now();
        for (const { sequence, message: said } of lines) {
          expect(sequence).toBe(++last);
          (sequence <= half ? latencies.before : latencies.after).push(now - Number(said));
        }
      });
      return over.then((how) => [how, last]);
    });
    const slow = [overWebSocket, overEventStream].map((follow) => {
      let last = 0;
      let isSlow = false;
      const take = (lines: Line[]) => {
        for (const { sequence } of lines)
          if (sequence !== ++last) throw new Error(`Line ${sequence} came where ${last} was due.`);
        if (isSlow || last < half) return;
        isSlow = true;
        following.pause();
        memoryBefore ??= memoryOf(server);
      };
      const following = follow(server, run.id, 0, take);
      return {
        last: () => last,
        async catchUp() {
          following.resume();
          // A socket that answers no ping is cut after a while.
          let how = await following.over;
          if (how === "cut") how = await follow(server, run.id, last, take).over;
          return [how, last];
        },
      };
    });

    const whole = ["complete", LINES];
    expect(await Promise.all(others)).toEqual([whole, whole]);
    for (const { last } of slow) expect(last()).toBeLessThan(LINES * 0.9);
    const [before, after] = [(await memoryBefore)!, await memoryOf(server)];
    const figures = {
      rss: [before.rss / 1e6, after.rss / 1e6],
      heap: [before.heap / 1e6, after.heap / 1e6],
      p95: [p95(latencies.before), p95(latencies.after)],
    };
    if (IS_FULL) console.log(figures);
    expect(after.rss - before.rss).toBeLessThan(MAX_GROWTH.rss);
    expect(after.heap - before.heap).toBeLessThan(MAX_GROWTH.heap);
    // Within noise, on a machine that may have begun other things meanwhile. A server that waited for the slow clients would wait for seconds.
    expect(figures.p95[1]).toBeLessThan(2 * figures.p95[0]! + 500);
    expect(await Promise.all(slow.map(({ catchUp }) => catchUp()))).toEqual([whole, whole]);
  },
  240_000 + LINES,
);

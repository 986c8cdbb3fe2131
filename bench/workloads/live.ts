import { setTimeout as delay } from "node:timers/promises";
import { type Client, createClient } from "../client.ts";
import { finished, launch } from "../runs.ts";
import { KEY } from "../server.ts";
import { median, p95 } from "../statistics.ts";
import { openSubscriber, type Subscriber } from "../subscriber.ts";
import { type Bench, repeat, type Row, type Workload } from "../workload.ts";

const LOG = `subscription ($id: ID!) { job_log_entries(job_result_id: $id) { sequence message } }`;

/** Rates of lines, and numbers of subscribers. */
const SETTINGS = [
  { perSecond: 100, subscribers: 50 },
  { perSecond: 1000, subscribers: 200 },
] as const;

/** Subscriptions whose memory is measured, and on how many sockets they are. */
const IDLE = [
  { subscriptions: 900, sockets: 900 },
  { subscriptions: 2000, sockets: 20 },
] as const;

/** Frames that are remembered: all subscribers of the same rows get the same ones, so each is parsed once and then compared. */
const KEPT_FRAMES = 200;
/** Milliseconds within which new connections and their memory come to rest. */
const SETTLE_MS = 2000;

/** A run logs lines at a steady pace, and many clients follow it, a socket each: from the log call to the receipt, of every line by every client. */
export const live: Workload = {
  name: "live",
  async run(bench) {
    const rows: Row[] = [];
    for (const setting of SETTINGS) rows.push(...(await measure(bench, setting)));
    for (const { subscriptions, sockets } of IDLE) {
      const bytes = await idle(bench, subscriptions, sockets);
      const where = sockets === subscriptions ? "a socket each" : `${subscriptions / sockets} a socket`;
      rows.push({
        name: `memory of an idle subscription, ${where}`,
        unit: "kB",
        statistic: median,
        repetitions: [[bytes / 1000]],
      });
    }
    return rows;
  },
};

async function measure(bench: Bench, { perSecond, subscribers }: (typeof SETTINGS)[number]): Promise<Row[]> {
  const client = bench.connect();
  const seconds = bench.quick ? 2 : 10;
  const watch = () => watchOnce(bench, client, { perSecond, seconds, subscribers });
  await watch();
  const measured = await repeat(bench, watch);
  const latencies = measured.map((one) => one.latencies);
  return [
    { name: `${perSecond} lines/s to ${subscribers} subscribers: p50`, unit: "ms", statistic: median, repetitions: latencies },
    { name: "… p95", unit: "ms", statistic: p95, repetitions: latencies },
    { name: "… delivered", unit: "/s", statistic: median, repetitions: measured.map((one) => [one.delivered]) },
    { name: "… server, of one core", unit: "%", statistic: median, repetitions: measured.map((one) => [one.load]) },
    { name: "… clients, of one core", unit: "%", statistic: median, repetitions: measured.map((one) => [one.clientLoad]) },
  ];
}

interface Pace {
  perSecond: number;
  seconds: number;
  subscribers: number;
}

/** @throws Error when a subscriber was not sent all lines, each once and in order. */
async function watchOnce({ server }: Bench, client: Client, { perSecond, seconds, subscribers }: Pace) {
  const sockets = await Promise.all(Array.from({ length: subscribers }, () => openSubscriber(server.url)));
  const id = await launch(client, "PacedLines", { perSecond, seconds });
  const latencies: number[] = [];
  const began = performance.now();
  const [cpu, ours] = [server.cpu(), process.cpuUsage()];
  const read = createReader();
  const received = await Promise.all(
    sockets.map(async (socket) => {
      let last = 0;
      await new Promise<void>((resolve, reject) => {
        socket.onFrame = (frame) => {
          const now = performance.timeOrigin + performance.now();
          const { type, lines } = read(frame);
          if (type === "complete") return resolve();
          if (type !== "next") return reject(new Error(frame));
          for (const { sequence, said } of lines) {
            if (sequence !== ++last) return reject(new Error(`Line ${sequence} came where ${last} was due.`));
            latencies.push(now - said);
          }
        };
        socket.subscribe(1, LOG, { id });
      });
      return last;
    }),
  );
  const took = performance.now() - began;
  const { user, system } = process.cpuUsage(ours);
  const load = (100 * (server.cpu() - cpu)) / took;
  for (const socket of sockets) socket.close();
  await finished(client, id);
  if (received.some((count) => count !== perSecond * seconds)) throw new Error(`Lines are missing: ${received.join(", ")}.`);
  const delivered = (1000 * latencies.length) / took;
  return { latencies, delivered, load, clientLoad: (user + system) / 10 / took };
}

interface Frame {
  type: string;
  lines: readonly { sequence: number; said: number }[];
}

/** Parses frames, those that are equal once. */
function createReader(): (frame: string) => Frame {
  const kept = new Map<string, Frame>();
  return (text) => {
    let frame = kept.get(text);
    if (frame) return frame;
    const { type, payload } = JSON.parse(text) as {
      type: string;
      payload?: { data?: { job_log_entries: { sequence: number; message: string }[] } };
    };
    const lines = payload?.data?.job_log_entries ?? [];
    frame = { type, lines: lines.map(({ sequence, message }) => ({ sequence, said: Number(message) })) };
    kept.set(text, frame);
    if (kept.size > KEPT_FRAMES) kept.delete(kept.keys().next().value!);
    return frame;
  };
}

/** By how much the server grows with one more subscription to a run that says nothing, in bytes. */
async function idle(bench: Bench, subscriptions: number, sockets: number): Promise<number> {
  const server = await bench.startServer(await bench.freshDatabase());
  const client = createClient(server.url, KEY);
  const id = await launch(client, "PacedLines", { perSecond: 0.001, seconds: 3600 });
  const open = async (count: number, each: number): Promise<Subscriber[]> => {
    const opened = await Promise.all(Array.from({ length: count }, () => openSubscriber(server.url)));
    for (const socket of opened) socket.subscribe(each, LOG, { id });
    await delay(SETTLE_MS);
    return opened;
  };
  // The first sockets take memory that later ones share.
  const first = await open(10, 10);
  const before = server.rss();
  const opened = await open(sockets, subscriptions / sockets);
  const grown = server.rss() - before;
  for (const socket of [...first, ...opened]) socket.close();
  client.close();
  await server.stop();
  return grown / subscriptions;
}

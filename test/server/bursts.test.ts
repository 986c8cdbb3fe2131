import { expect, onTestFinished, test, vi } from "vitest";
import { createClient, type Line } from "../support/client.ts";
import { KEY } from "../support/app.ts";
import { openLiveServer } from "../support/machines/live-server.ts";

const RUNS = 8;
const LINES = 800;
const BATCH = 25;
/** Lines of a run between two followers that join. */
const JOIN_EVERY = 100;

test("eight runs write at once and time stands still: a follower that joins at any line gets each line once, in order, of its run alone", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  const server = await openLiveServer();
  const client = createClient(server.url, KEY);
  onTestFinished(() => client.close());
  const ids = await Promise.all(Array.from({ length: RUNS }, () => server.startRun()));
  const followed: Promise<{ run: string; after: number; lines: Line[] }>[] = [];

  function join(run: string, after: number): void {
    followed.push(client.followLog(run, { after }).then((lines) => ({ run, after, lines })));
  }
  async function write(run: string): Promise<void> {
    for (let from = 1; from <= LINES; from += BATCH) {
      // Not waited for: followers join in the middle of writes and reads.
      if (from % JOIN_EVERY === 1) for (const after of [0, Math.max(0, from - 10), from - 1]) join(run, after);
      await server.say(run, from, from + BATCH - 1);
    }
    await server.end(run);
  }
  await Promise.all(ids.map(write));
  for (const run of ids) join(run, 0);

  expect(followed.length).toBe(RUNS * ((3 * LINES) / JOIN_EVERY + 1));
  for (const { after, lines } of await Promise.all(followed)) {
    const due = Array.from({ length: LINES - after }, (_, n) => after + n + 1);
    expect(lines.map(({ sequence }) => sequence)).toEqual(due);
    expect(lines.map((line) => line.message)).toEqual(due.map((n) => `line ${n}`));
  }
  const said = await server.database.rows.selectFrom("job_log_entry").select("created").distinct().execute();
  expect(said).toHaveLength(1);
});

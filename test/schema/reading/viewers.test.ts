import { expect, test } from "vitest";
import { type LiveServer, message, openLiveServer, openSocket } from "../../support/machines/live-server.ts";

const ROUNDS = 25;
const ROUND_LINES = 5;

/** Statements that are read while a run says lines, round after round, and so many watch; each round is over when all have it. */
async function statementsWith(server: LiveServer, viewers: number): Promise<number> {
  const id = await server.startRun();
  await server.say(id, 1, ROUND_LINES);
  let received = 0;
  const socket = await openSocket(server.url, (text) => (received += text.split('"sequence"').length - 1));
  const query = `subscription { job_log_entries(job_result_id: "${id}") { sequence message } }`;
  const all = (round: number) => expect.poll(() => received, { interval: 1 }).toBe(viewers * round * ROUND_LINES);
  for (let n = 0; n < viewers; n++) socket.send(message("subscribe", String(n), { query }));
  await all(1);
  const before = server.reads();
  for (let round = 1; round <= ROUNDS; round++) {
    await server.say(id, round * ROUND_LINES + 1, (round + 1) * ROUND_LINES);
    await all(round + 1);
  }
  const reads = server.reads() - before;
  socket.terminate();
  await expect.poll(() => server.tails()).toBe(0);
  return reads;
}

test("five hundred viewers of a run cost no more statements than one", async () => {
  const server = await openLiveServer();
  const one = await statementsWith(server, 1);
  const many = await statementsWith(server, 500);
  // A statement for the state and one for the lines, each time.
  expect(one).toBeLessThanOrEqual(2 * ROUNDS + 4);
  expect(Math.abs(many - one)).toBeLessThanOrEqual(4);
});

import { once } from "node:events";
import { expect, onTestFinished, test, vi } from "vitest";
import { message, openLiveServer, openSocket } from "../support/machines/live-server.ts";

test("a frame that is too large closes its own socket with 1009, and all others are served on", async () => {
  const complaints = vi.spyOn(console, "error");
  onTestFinished(() => complaints.mockRestore());
  const server = await openLiveServer();
  const id = await server.startRun();
  await server.say(id, 1, 1);
  const told: string[] = [];
  const query = `subscription { job_log_entries(job_result_id: "${id}") { message } }`;
  const other = await openSocket(server.url, (text) => told.push(text));
  other.send(message("subscribe", "1", { query }));
  for (const frame of [
    Buffer.alloc(1024 * 1024 + 1, "x"),
    message("subscribe", "1", { query: `{ ${" ".repeat(2 * 1024 * 1024)} }` }),
  ]) {
    const socket = await openSocket(server.url);
    const closed = once(socket, "close");
    socket.send(frame);
    expect((await closed)[0]).toBe(1009);
  }
  // Not the last that is taken: a frame of the largest size.
  const large = await openSocket(server.url, (text) => told.push(text));
  large.send(message("ping", undefined, { pad: "x".repeat(1024 * 1024 - 100) }));
  await expect.poll(() => told.some((text) => text.includes('"pong"'))).toBe(true);
  await server.say(id, 2, 2);
  await expect.poll(() => told.some((text) => text.includes("line 2"))).toBe(true);
  expect(other.readyState).toBe(other.OPEN);
  expect(complaints).not.toHaveBeenCalled();
});

import { expect, vi } from "vitest";

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** True once there is no process of this id any more. */
export async function gone(pid: number): Promise<true> {
  await vi.waitFor(() => expect(isAlive(pid), `process ${pid} is alive`).toBe(false), { timeout: 5000, interval: 5 });
  return true;
}

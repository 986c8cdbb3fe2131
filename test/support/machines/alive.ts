import { execFileSync } from "node:child_process";
import { expect } from "vitest";

/** True if a process runs. A process that has ended, and that nobody has asked about yet, does not. */
function isAlive(pid: number): boolean {
  try {
    return !execFileSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).startsWith("Z");
  } catch {
    return false;
  }
}

/** True once there is no process of this id any more. */
export async function gone(pid: number): Promise<true> {
  await expect.poll(() => isAlive(pid), { message: `process ${pid} is alive` }).toBe(false);
  return true;
}

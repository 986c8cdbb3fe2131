import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const status = (pid: number | string) => readFileSync(`/proc/${pid}/status`, "utf8");
const number = (text: string, name: string) => Number(new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(text)?.[1] ?? 0);

/** Returns the most that a process held resident at a time, in MB, and the most of the processes that it started, each by its name. */
export function highWater(pid: number): { server: number; children: Record<string, number> } {
  const children: Record<string, number> = {};
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const text = status(entry);
      if (number(text, "PPid") !== pid) continue;
      const program =
        readFileSync(`/proc/${entry}/cmdline`, "utf8")
          .split("\0")
          .find((part) => part.endsWith(".js")) ?? "other";
      const name = program.split("/").at(-1)!;
      children[name] = Math.max(children[name] ?? 0, toMb(number(text, "VmHWM")));
    } catch {
      // It has ended in the meantime.
    }
  }
  return { server: toMb(number(status(pid), "VmHWM")), children };
}

/** Lets a process's high-water mark begin anew, at its present memory. */
export function forgetHighWater(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

const toMb = (kilobytes: number) => Math.round((kilobytes * 1024) / 1e6);

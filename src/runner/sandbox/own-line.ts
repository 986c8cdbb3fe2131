import type { SaidLine } from "./sandbox.ts";

/** Returns a line that the server says in the log of a run. @param nowMs its time, in milliseconds since the epoch. */
export function ownLine(log_level: SaidLine["log_level"], message: string, nowMs: number, grouping = "main"): SaidLine {
  return { log_level, grouping, message, created: new Date(nowMs).toISOString(), log_object: "", absolute_url: "" };
}

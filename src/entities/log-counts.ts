import type { LogLevel } from "./choices.ts";
import type { LineRow } from "./database.ts";

/** Columns of a run that count its lines, as in Nautobot: the three worst levels share one. */
export const COUNT_COLUMNS = [
  "debug_log_count",
  "info_log_count",
  "success_log_count",
  "warning_log_count",
  "error_log_count",
] as const;

const COLUMN_OF: Record<LogLevel, number> = { DEBUG: 0, INFO: 1, SUCCESS: 2, WARNING: 3, FAILURE: 4, ERROR: 4, CRITICAL: 4 };

/** Lines per run, each as long as {@link COUNT_COLUMNS} and in its order. */
export function countLines(lines: readonly LineRow[]): Map<string, number[]> {
  const counts = new Map<string, number[]>();
  for (const line of lines) {
    let count = counts.get(line.job_result_id);
    if (!count) counts.set(line.job_result_id, (count = COUNT_COLUMNS.map(() => 0)));
    count[COLUMN_OF[line.log_level]]! += 1;
  }
  return counts;
}

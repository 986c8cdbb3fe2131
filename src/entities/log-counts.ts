import type { LogLevel } from "./choices.ts";

/** Columns of a run that count its lines by level, as in Nautobot: the three worst levels share one. */
export const COUNTED_LEVELS = {
  debug_log_count: ["DEBUG"],
  info_log_count: ["INFO"],
  success_log_count: ["SUCCESS"],
  warning_log_count: ["WARNING"],
  error_log_count: ["FAILURE", "ERROR", "CRITICAL"],
} as const satisfies Record<string, readonly LogLevel[]>;

/** The names of those columns. */
export const COUNT_COLUMNS = Object.keys(COUNTED_LEVELS) as (keyof typeof COUNTED_LEVELS)[];

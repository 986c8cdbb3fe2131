import type { Logger } from "pino";
import { isPassing } from "../../entities/faults.ts";

/**
 * Logs that work could not be done, and is tried again. A fault that passes by itself, such as a lock that another server holds for long, is a
 * warning; any other is an error.
 */
export function logFailure(log: Logger, error: unknown, message: string, about: Record<string, unknown> = {}): void {
  log[isPassing(error) ? "warn" : "error"]({ err: error, ...about }, `${message}; trying again`);
}

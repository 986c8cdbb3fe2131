import { readTime } from "./read-time.ts";

/** Returns a time in the server's spelling; a time without a zone is one of UTC. Undefined for a value that is no time. */
export function readStoredTime(value: unknown): string | undefined {
  return typeof value === "string" ? (readTime(value) ?? readTime(`${value}Z`))?.toISOString() : undefined;
}

/** The time that is told where there has to be one. */
export const PLAIN_TIME = new Date(0).toISOString();

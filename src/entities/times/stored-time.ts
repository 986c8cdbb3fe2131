import { readTime } from "./read-time.ts";

/** Returns a time that is spelled in another way as the server writes it; without a zone, it is one of UTC. Undefined for what is none. */
export function readStoredTime(value: unknown): string | undefined {
  return typeof value === "string" ? (readTime(value) ?? readTime(`${value}Z`))?.toISOString() : undefined;
}

/** The time that is told where there has to be one. */
export const PLAIN_TIME = new Date(0).toISOString();

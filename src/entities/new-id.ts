import { randomFillSync } from "node:crypto";
import { v7 } from "uuid";

const BYTES = 16;
// Asking the system for random bytes an id at a time costs four fifths of making it.
const pool = Buffer.alloc(BYTES * 256);
let at = pool.length;
let lastMs = 0;
let sequence = 0;

/** A UUIDv7, greater than every one this process made before: new rows land at the end of an index. */
export function newId(): string {
  if (at === pool.length) {
    randomFillSync(pool);
    at = 0;
  }
  const random = pool.subarray(at, (at += BYTES));
  const ms = Date.now();
  if (ms > lastMs) {
    lastMs = ms;
    // The top bit stays free, so that counting up cannot run over.
    sequence = random.readUInt32BE(0) >>> 1;
  } else sequence += 1;
  return v7({ random, msecs: lastMs, seq: sequence });
}

/** An id that no object has. */
export const NOBODY = "00000000-0000-0000-0000-000000000000";

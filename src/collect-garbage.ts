import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Frees at once what nothing refers to any more. What a start leaves would else stay until the heap is full again: on an idle server for ever,
 * and with it a hundred megabytes of room that the start alone has needed.
 */
export function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  setFlagsFromString("--no-expose-gc");
}

/** By how many percent of what is in use the heap may grow before it is collected. V8 waits for up to four times as much, while there is memory. */
const GROWTH_PERCENT = 25;

/** Keeps the heap near what is in use: large answers would else leave hundreds of megabytes of room behind. */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}

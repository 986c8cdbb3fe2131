import type { ReadBounds } from "../database.ts";

/**
 * Calls `cancel` as soon as the read's signal aborts, with its reason, or the time is over, with `late`; once at most.
 * @returns a function that ends the watch.
 */
export function watchRead({ signal }: ReadBounds, timeoutMs: number, late: Error, cancel: (reason: unknown) => void): () => void {
  const stop = () => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  };
  const abort = () => {
    stop();
    cancel(signal!.reason);
  };
  const timer = setTimeout(() => {
    stop();
    cancel(late);
  }, timeoutMs);
  signal?.addEventListener("abort", abort);
  if (signal?.aborted) abort();
  return stop;
}

import { ConnectionError, RefusedError } from "./errors.ts";

/** Pace of the tries after a failure. */
export interface RetryOptions {
  /** The first wait, in milliseconds; each further one is twice as long, and half of each is random. */
  minMs: number;
  /** The longest wait. */
  maxMs: number;
  /** Milliseconds of failures in a row after which the last one is final. */
  giveUpMs: number;
  /** Told of each failure, and after how many milliseconds it is tried again. */
  onRetry?: ((error: Error, waitMs: number) => void) | undefined;
}

/** Number of rejections in a row, for a reason that may pass, after which the last one is final. */
const MAX_REFUSALS = 5;

/** Failures in a row. */
export interface Retry {
  /** Waits for the next try. Throws an error that no try mends, the last failure of too many, or the signal's reason. */
  failed(error: unknown, signal: AbortSignal | undefined): Promise<void>;
  /** The row is broken. */
  worked(): void;
}

/** @param passing codes of refusals that may pass: the server failed itself, or has too much to do. */
export function createRetry({ minMs, maxMs, giveUpMs, onRetry }: RetryOptions, passing: readonly string[]): Retry {
  let began = 0;
  let failures = 0;
  let refusals = 0;
  return {
    async failed(error, signal) {
      signal?.throwIfAborted();
      const mayPass = error instanceof RefusedError && passing.includes(error.code);
      if (mayPass ? ++refusals > MAX_REFUSALS : !(error instanceof ConnectionError)) throw error;
      if (failures === 0) began = performance.now();
      if (performance.now() - began >= giveUpMs) throw error;
      const longest = Math.min(maxMs, minMs * 2 ** failures++);
      const waitMs = Math.round(longest * (0.5 + Math.random() / 2));
      onRetry?.(error as Error, waitMs);
      // The callback may have aborted.
      signal?.throwIfAborted();
      await wait(waitMs, signal);
    },
    worked() {
      failures = 0;
      refusals = 0;
    },
  };
}

function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", abort, { once: true });
  });
}

import { ConnectionError } from "./errors.ts";

/** A try over the network. It ends with the caller's signal, or when it has failed. */
export interface Attempt {
  readonly signal: AbortSignal;
  /** Ends the work under the signal; it rejects with the error. */
  fail(error: unknown): void;
  /**
   * Returns the result of a step under the signal.
   * @throws the reason for the end of the attempt; {@link ConnectionError} for any other failure.
   */
  step<T>(step: Promise<T>): Promise<T>;
  /** Frees all that is still open. */
  end(): void;
}

/** @param timeoutMs how long all of it may take; without it, as long as it likes. */
export function openAttempt(signal: AbortSignal | undefined, timeoutMs?: number): Attempt {
  const controller = new AbortController();
  const abort = () => controller.abort(signal!.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort);
  const fail = (error: unknown) => controller.abort(error);
  const late =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => fail(new ConnectionError(`The server did not answer within ${timeoutMs} ms.`)), timeoutMs);
  return {
    signal: controller.signal,
    fail,
    step: (step) =>
      step.catch((error: unknown) => {
        throw controller.signal.aborted ? controller.signal.reason : unreachable(error);
      }),
    end() {
      clearTimeout(late);
      signal?.removeEventListener("abort", abort);
      controller.abort();
    },
  };
}

/** Node says no more than "fetch failed"; the reason lies below. OpenSSL has one in short, and a message of several lines. */
function unreachable(error: unknown): ConnectionError {
  const { message, cause } = error as Error & { cause?: { message?: string; code?: string; reason?: string } };
  const reason = cause?.reason || cause?.message || cause?.code || message;
  return new ConnectionError(`The server cannot be reached: ${reason}.`, { cause: error });
}

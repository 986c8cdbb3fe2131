import type { Endpoint, Operation } from "./endpoint.ts";
import type { WireError } from "./errors.ts";

/** The result of a subscription's event. */
export interface StreamResult {
  data?: unknown;
  errors?: readonly WireError[];
}

/** Listener of a stream. */
export interface Sink {
  /** The connection stands, and the server has let us in. */
  opened(): void;
  /** An error that it throws ends the stream. */
  next(result: StreamResult): void;
}

/**
 * Delivers the results of a subscription until the server completes it. Leaves nothing open, however it ends. Rejects with a `RefusedError`, a
 * `ConnectionError`, the signal's reason, or the sink's error.
 */
export type Stream = (endpoint: Endpoint, operation: Operation, sink: Sink, signal: AbortSignal | undefined) => Promise<void>;

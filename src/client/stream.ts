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
 * Delivers the results of a subscription until the server says that they are complete. Nothing is left open afterwards, however it ends.
 * Rejects with a `RefusedError`, a `ConnectionError`, the signal's reason, or what the sink threw.
 */
export type Stream = (endpoint: Endpoint, operation: Operation, sink: Sink, signal: AbortSignal | undefined) => Promise<void>;

/** How long a connection may take to be opened, as a part of the silence that is allowed. */
export const OPENING_SHARE = 1 / 3;

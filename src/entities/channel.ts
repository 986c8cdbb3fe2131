/** Is told of the messages of a {@link Channel}. */
export interface ChannelListener {
  /** A message that any process has sent, this one included. */
  onMessage(message: string): void;
  /** The channel is connected, for the first time or again: earlier messages may be lost. */
  onGap(): void;
  /** The channel could not be connected, and tries again. */
  onFailure(error: Error): void;
}

/** A channel for messages between the processes that use a database. Messages may be lost, and none is stored. */
export interface Channel {
  /** Sends a message of fewer than 8,000 bytes. Rejects while the channel is not connected. */
  send(message: string): Promise<void>;
  close(): Promise<void>;
}

/** The pace at which every channel connects, in milliseconds. */
export const CHANNEL_PACE = {
  /** A connection may take this long to come, and a statement to answer. */
  timeoutMs: 5000,
  /** Pauses between two attempts to connect: the first, and the longest. */
  pauseMs: 50,
  maxPauseMs: 5000,
  /** Time after which a connection on which nothing happens is tried: one that a network has dropped looks like any other. */
  tryMs: 10_000,
} as const;

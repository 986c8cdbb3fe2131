import type { MessagePort } from "node:worker_threads";
import type { Rendered } from "../templates.ts";

/** Data of the thread at its start. */
export interface ThreadData {
  port: MessagePort;
  /** Characters. */
  maxLength: number;
}

/** A message to the thread: takes an object for the following texts, or renders a text with it. */
export type Request = { kind: "take"; obj: unknown } | { kind: "render"; text: string };

/** A reply to each request, and one when the thread is ready. `fit` is false when the thread should not be asked again. */
export interface Reply {
  rendered: Rendered;
  fit: boolean;
}

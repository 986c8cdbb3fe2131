import type { MessagePort } from "node:worker_threads";
import type { Rendered } from "../templates.ts";

/** What the thread is started with. */
export interface ThreadData {
  port: MessagePort;
  /** Characters. */
  maxLength: number;
}

/** What the thread is asked: to take an object for the texts that follow, or to render a text with it. */
export type Request = { kind: "take"; obj: unknown } | { kind: "render"; text: string };

/** One for each request, and one when the thread is ready. `fit` is false when the thread should not be asked again. */
export interface Reply {
  rendered: Rendered;
  fit: boolean;
}

import type { MessagePort } from "node:worker_threads";
import type { LogLevel } from "../../entities/choices.ts";
import type { JobLogger, LineOptions } from "../define-job.ts";
import type { SaidLine } from "../sandbox.ts";
import { fitText } from "./fit-text.ts";
import type { Reply } from "./protocol.ts";

const MAX_BATCH = 500;
/** How long a line may wait for company. A job that never yields runs no timers, so age is looked at whenever it says something. */
const MAX_AGE_MS = 10;
const MAX_MESSAGE = 100_000;
const MAX_GROUPING = 255;
const MAX_OBJECT = 200;
const MAX_URL = 255;

/** The sandbox's end of the line stream. */
export interface LinePort {
  logger: JobLogger;
  /** Sends what was said and not yet sent. */
  flush(): void;
}

/** Turns a logger's calls into batches. Sending takes a credit; without one the thread sleeps until lines sent before are stored. */
export function createLinePort(port: MessagePort, credits: Int32Array<SharedArrayBuffer>): LinePort {
  let batch: SaidLine[] = [];
  let timer: NodeJS.Immediate | undefined;

  function flush(): void {
    if (timer) clearImmediate(timer);
    timer = undefined;
    if (batch.length === 0) return;
    while (Atomics.load(credits, 0) <= 0) Atomics.wait(credits, 0, 0);
    Atomics.sub(credits, 0, 1);
    port.postMessage({ kind: "lines", batch } satisfies Reply);
    batch = [];
  }

  function say(level: LogLevel, message: string, options: LineOptions = {}): void {
    const { object = "", grouping = "main" } = options;
    const created = Date.now();
    batch.push({
      level,
      grouping: fitText(String(grouping), MAX_GROUPING),
      message: fitText(String(message), MAX_MESSAGE),
      created,
      object: fitText(typeof object === "string" ? object : String(object.display), MAX_OBJECT),
      url: typeof object === "string" ? "" : fitText(object.absoluteUrl ?? "", MAX_URL),
    });
    if (batch.length >= MAX_BATCH || created - batch[0]!.created >= MAX_AGE_MS) flush();
    else timer ??= setImmediate(flush);
  }

  const at = (level: LogLevel) => (message: string, options?: LineOptions) => say(level, message, options);
  return {
    flush,
    logger: {
      debug: at("DEBUG"),
      info: at("INFO"),
      success: at("SUCCESS"),
      warning: at("WARNING"),
      failure: at("FAILURE"),
      error: at("ERROR"),
      critical: at("CRITICAL"),
    },
  };
}

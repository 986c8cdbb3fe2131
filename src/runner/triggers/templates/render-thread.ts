import { extname } from "node:path";
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { Rendered } from "../templates.ts";
import type { Reply, Request, ThreadData } from "./protocol.ts";

/** Beside this file, as source or as built. */
const ENTRY = new URL(`./entry${extname(import.meta.url)}`, import.meta.url);

/** The thread in which templates are rendered, from this side. It does one thing at a time. */
export interface RenderThread {
  /** False once it ended, or should not be asked again. */
  readonly fit: boolean;
  /** Waits for one answer. A render that takes longer than `timeoutMs` ends the thread. Rejects only when no thread can be had. */
  ask(request: Request, timeoutMs: number): Promise<Rendered>;
  /** Ends the thread in any state. Resolves once it is gone. */
  end(): Promise<void>;
}

/** Starts a thread that refuses texts of more than `maxLength` characters. It keeps the process alive only while it is asked something. */
export function startRenderThread(maxLength: number): RenderThread {
  const { port1: port, port2 } = new MessageChannel();
  const worker = new Worker(ENTRY, {
    workerData: { port: port2, maxLength } satisfies ThreadData,
    transferList: [port2],
    env: {},
    execArgv: [],
  });
  let fit = true;
  let failed: unknown;
  let settle: ((reply: Reply | undefined) => void) | undefined;

  // A single listener for the thread's life: a race against its end would leave something behind at every request.
  const answer = (reply: Reply | undefined) => settle?.(reply);
  port.on("message", answer);
  worker.once("error", (error) => (failed = error));
  worker.once("exit", () => {
    fit = false;
    answer(undefined);
  });
  worker.unref();

  /** The next reply, or nothing when the thread ends first. */
  const nextReply = async (): Promise<Reply | undefined> => {
    port.ref();
    const reply = await new Promise<Reply | undefined>((resolve) => (settle = resolve));
    port.unref();
    return reply;
  };
  const ready = nextReply();

  async function end(): Promise<void> {
    fit = false;
    await worker.terminate();
  }

  return {
    get fit() {
      return fit;
    },
    async ask(request, timeoutMs) {
      if (!(await ready)) throw new Error("The thread that renders templates does not start.", { cause: failed });
      try {
        port.postMessage(request);
      } catch (error) {
        return { error: `The object cannot be given to a template (${(error as Error).message}).` };
      }
      let late: string | undefined;
      const timer = setTimeout(() => {
        // This side may have been the late one.
        const reply = receiveMessageOnPort(port)?.message as Reply | undefined;
        if (!reply) late = `The ${request.kind === "take" ? "object" : "template"} takes longer than ${timeoutMs} ms.`;
        answer(reply);
      }, timeoutMs);
      const reply = await nextReply();
      clearTimeout(timer);
      if (!reply?.fit) await end();
      return reply?.rendered ?? { error: late ?? "The template ended the thread that rendered it." };
    },
    end,
  };
}

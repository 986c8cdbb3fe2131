import { startRenderThread, type RenderThread } from "./templates/render-thread.ts";

/** The outcome of one template: its text, or the error. */
export type Rendered = { text: string } | { error: string };

/** Bounds on the cost of one template. */
export interface TemplateOptions {
  /** For one text, from the moment the thread begins with it; also for one object, before the first text that is given it. */
  timeoutMs?: number;
  /** Characters that one text may come to. */
  maxLength?: number;
}

/**
 * Renders untrusted Jinja2 templates, in its own thread that is started on first use and replaced when a template overruns. No JavaScript is ever evaluated,
 * and a template sees nothing but `obj`.
 *
 * The texts are plain text: a page that shows them has to escape them for HTML. A missing value renders as nothing, at any depth. MiniJinja differs from
 * Jinja2 where it prints `true`, `none` and `["a"]`, lists the keys of an object by the alphabet, and has neither `"%s" % x` nor `"{}".format(x)`.
 */
export interface Templates {
  /**
   * Renders each text with `obj`, which is JSON; answers in the order of the texts. Never rejects for an error of a template, and a failing text leaves the
   * answers of the others. Calls take turns, so that a slow one does not hold up the rest.
   */
  render(texts: readonly string[], obj: unknown): Promise<Rendered[]>;
  /** Ends the thread; calls under way reject. */
  close(): Promise<void>;
}

/** A call of `render`: `answers` grows until there is one for each text. */
interface Call {
  texts: readonly string[];
  obj: unknown;
  answers: Rendered[];
  resolve(answers: Rendered[]): void;
  reject(error: unknown): void;
}

/** Opens a renderer; it costs nothing until it is used, and nothing of it keeps the process alive while it is idle. */
export function openTemplates({ timeoutMs = 100, maxLength = 10_000 }: TemplateOptions = {}): Templates {
  const waiting: Call[] = [];
  let thread: RenderThread | undefined;
  let serving = false;
  let closed = false;

  /** Renders the remaining texts of the call, for as long as one text may take. A call that needs longer waits for its next turn. */
  async function takeTurn({ texts, obj, answers }: Call): Promise<void> {
    if (!thread?.fit) thread = startRenderThread(maxLength);
    const { ask } = thread;
    const taken = await ask({ kind: "take", obj }, timeoutMs);
    if ("error" in taken) {
      while (answers.length < texts.length) answers.push(taken);
      return;
    }
    const end = performance.now() + timeoutMs;
    while (answers.length < texts.length && thread.fit && performance.now() < end) {
      answers.push(await ask({ kind: "render", text: texts[answers.length]! }, timeoutMs));
    }
  }

  async function serve(): Promise<void> {
    serving = true;
    for (let call = waiting.shift(); call; call = waiting.shift()) {
      try {
        await takeTurn(call);
        if (closed) throw new ClosedError();
        if (call.answers.length < call.texts.length) waiting.push(call);
        else call.resolve(call.answers);
      } catch (error) {
        call.reject(closed ? new ClosedError() : error);
      }
    }
    serving = false;
  }

  return {
    render(texts, obj) {
      if (closed) return Promise.reject(new ClosedError());
      if (texts.length === 0) return Promise.resolve([]);
      return new Promise((resolve, reject) => {
        waiting.push({ texts, obj, answers: [], resolve, reject });
        if (!serving) void serve();
      });
    },
    async close() {
      closed = true;
      for (const call of waiting.splice(0)) call.reject(new ClosedError());
      await thread?.end();
    },
  };
}

class ClosedError extends Error {
  override readonly name = "ClosedError";

  constructor() {
    super("Templates are no longer rendered: the server is closing.");
  }
}

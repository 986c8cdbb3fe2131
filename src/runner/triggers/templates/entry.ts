import { workerData } from "node:worker_threads";
import { createEngine } from "./engine.ts";
import type { Reply, Request, ThreadData } from "./protocol.ts";

/* The program of the thread: it waits for a request, answers it, and waits again. */
const { port, maxLength } = workerData as ThreadData;

// The engine tells its stack here when it breaks; templates of strangers must not write to the server's log.
console.error = () => undefined;

const engine = createEngine(maxLength);
port.on("message", (request: Request) =>
  port.postMessage(request.kind === "take" ? engine.take(request.obj) : engine.render(request.text)),
);

// WebAssembly is compiled at its first use, which is not the first template's fault.
engine.take({ warm: ["up"] });
const rendered = engine.render("{% for word in obj.warm %}{{ word|upper|truncate(9) }}{{ word.upper() }}{% endfor %}");
port.postMessage(rendered satisfies Reply);

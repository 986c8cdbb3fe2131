import { cutText } from "../../../cut-text.ts";
import { readFileSync } from "node:fs";
import { Environment, initSync } from "minijinja-js/dist/web/minijinja_js.js";
import type { Rendered } from "../templates.ts";
import { addFilters, takeFilterError } from "./filters.ts";
import { limitMemory } from "./limit-memory.ts";
import type { Reply } from "./protocol.ts";

/** Steps of the engine for one text, some ten for a turn of a loop; it takes about 10 ms to use them up. */
const FUEL = 100_000;

/** Memory of the engine, the object and all a template makes of it: 64 MiB. */
const MAX_PAGES = 1024;

/** Longest error of the engine, in characters; it can quote the template. */
const MAX_MESSAGE = 300;

/** MiniJinja with everything set that bounds a template; the caller has to bound its time. Its state is that of its thread. */
export interface Engine {
  /** Keeps an object for the texts that follow; answers with an empty text. */
  take(obj: unknown): Reply;
  render(text: string): Reply;
}

/** Loads the engine; a text of more than `maxLength` characters is rejected. */
export function createEngine(maxLength: number): Engine {
  const wasm = readFileSync(new URL(import.meta.resolve("minijinja-js/dist/web/minijinja_js_bg.wasm")));
  initSync({ module: limitMemory(wasm, MAX_PAGES) });
  const environment = new Environment();
  environment.undefinedBehavior = "chainable";
  environment.enablePyCompat();
  environment.fuel = FUEL;
  environment.removeGlobal("debug");
  addFilters(environment);

  return {
    take: (obj) =>
      attempt("object", () => {
        // First, or there must be room for two.
        environment.removeGlobal("obj");
        environment.addGlobal("obj", obj);
        return { text: "" };
      }),
    render: (text) =>
      attempt("template", () => {
        const rendered = environment.renderStr(text, {});
        if (rendered.length > maxLength) return { error: `The text is longer than ${maxLength} characters.` };
        return { text: rendered };
      }),
  };
}

/** An error that the engine tells leaves it as it was; any other has broken it. */
function attempt(what: string, act: () => Rendered): Reply {
  try {
    return { rendered: act(), fit: true };
  } catch (error) {
    const fit = error instanceof Error && error.constructor === Error;
    return { rendered: { error: fit ? tell(error.message) : `The ${what} needs too much memory, or nests too deeply.` }, fit };
  }
}

/** The engine's message as a sentence, without the excerpt of the template below it. */
function tell(message: string): string {
  const filterError = takeFilterError();
  if (message.startsWith("engine ran out of fuel")) return "The template takes too many steps.";
  const [, what = message, line] = /^(.*?) \(in <string>:(\d+)\)/s.exec(message) ?? [];
  const where = line === undefined ? "" : ` at line ${line}`;
  const why = (filterError ?? what).replaceAll(/\s+/g, " ").toWellFormed();
  return `The template fails${where}: ${cutText(why, MAX_MESSAGE)}.`;
}

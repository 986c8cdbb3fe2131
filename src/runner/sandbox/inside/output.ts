import { StringDecoder } from "node:string_decoder";
import type { Writable } from "node:stream";
import type { PrintedText } from "../sandbox.ts";

/** Takes what is written to a stream; what it returns goes the way it always went. */
type Take = (stream: PrintedText["stream"], text: string) => string;

/**
 * From now on, what is written to this process's or thread's `stdout` and `stderr` (by `console` too) is first offered to `take`, at the
 * moment of the write: what a job prints in a loop without end is not lost, and the order of both streams is kept. Native code that writes
 * to the descriptors themselves is not seen.
 */
export function divertOutput(take: Take): void {
  for (const name of ["stdout", "stderr"] as const) {
    const { get } = Object.getOwnPropertyDescriptor(process, name)!;
    let stream: Writable | undefined;
    // A stream is made when it is first asked for, which most runs never do.
    Object.defineProperty(process, name, {
      configurable: true,
      enumerable: true,
      get: () => (stream ??= divert(get!.call(process) as Writable, name, take)),
    });
  }
}

function divert(stream: Writable, name: PrintedText["stream"], take: Take): Writable {
  const decoder = new StringDecoder();
  const { _write, _writev } = stream;
  const ignore = () => undefined;
  // A thread's streams write lists only.
  const writeOn = (text: string) =>
    _writev ? _writev.call(stream, [{ chunk: text, encoding: "utf8" }], ignore) : _write.call(stream, text, "utf8", ignore);
  const write: Writable["_write"] = (chunk: Buffer | string, _encoding, done) => {
    const text = typeof chunk === "string" ? chunk : decoder.write(chunk);
    const rest = take(name, text);
    if (rest !== "") writeOn(rest);
    // At once, so that the next write is offered by whoever makes it, and not by whoever has time for it.
    done();
  };
  return Object.assign(stream, { _write: write, _writev: null });
}

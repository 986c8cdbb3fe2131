import { StringDecoder } from "node:string_decoder";
import type { Writable } from "node:stream";
import type { PrintedRecord } from "../wire/record-codec.ts";

/** Takes a text that is written to a stream. Returns the text that the stream still gets. */
type Take = (stream: PrintedRecord[0], text: string) => string;

/**
 * Offers each text that is written to this process's or thread's `stdout` and `stderr` (by `console` too) to `take` first, from now on. It does so at the
 * moment of the write: no text of a loop without end is lost, and the order of both streams is kept. Writes of native code to the descriptors are not seen.
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

function divert(stream: Writable, name: PrintedRecord[0], take: Take): Writable {
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
    // At once, so that `take` gets the next text during its own write.
    done();
  };
  return Object.assign(stream, { _write: write, _writev: null });
}

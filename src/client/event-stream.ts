import { createParser } from "eventsource-parser";
import { openAttempt } from "./attempt.ts";
import { read, send, whyNot } from "./ask.ts";
import { ConnectionError } from "./errors.ts";
import { watchSilence } from "./silence.ts";
import type { Sink, Stream, StreamResult } from "./stream.ts";

/** HTTP statuses of a server or proxy without event streams. */
const NO_STREAMS = new Set([405, 406, 415]);

/** Over HTTP with server-sent events, one connection a subscription: `graphql-sse`'s "distinct connections mode". */
export const streamOverEvents: Stream = async (endpoint, operation, sink, signal) => {
  const attempt = openAttempt(signal);
  const silence = watchSilence(attempt, "stream", endpoint.silenceMs);
  try {
    const response = await attempt.step(send(endpoint, operation, "text/event-stream", attempt.signal));
    if (!response.body || !response.headers.get("content-type")?.startsWith("text/event-stream")) {
      const error = whyNot(response, read(await attempt.step(response.text())));
      // The server has no event streams: a socket may still work.
      throw NO_STREAMS.has(response.status) ? new ConnectionError(error.message) : error;
    }
    silence.opened();
    sink.opened();
    const body = response.body.getReader();
    const decoder = new TextDecoder();
    let isComplete = false;
    const parser = createParser({
      onEvent({ event, data }) {
        if (event === "complete") isComplete = true;
        if (event === "next" && !isComplete) deliver(data, sink);
      },
    });
    while (!isComplete) {
      const { done, value } = await attempt.step(body.read());
      if (done) throw new ConnectionError("The event stream ended before it was complete.");
      silence.heard();
      parser.feed(decoder.decode(value, { stream: true }));
    }
  } finally {
    silence.stop();
    attempt.end();
  }
};

function deliver(data: string, sink: Sink): void {
  let result: StreamResult;
  try {
    result = JSON.parse(data) as StreamResult;
  } catch (error) {
    throw new ConnectionError("The event stream holds what is not JSON.", { cause: error });
  }
  sink.next(result);
}

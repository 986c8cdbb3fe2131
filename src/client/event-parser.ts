/** A server-sent event. */
export interface ServerSentEvent {
  /** Its kind; empty when it has none. */
  event: string;
  data: string;
}

/**
 * Reads a `text/event-stream` in pieces of any size: each call answers the events that its piece completes. Comments, ids and retry times, of
 * which GraphQL has no use, are passed over; so is what is incomplete when the stream ends.
 */
export function createEventParser(): (piece: string) => ServerSentEvent[] {
  let rest = "";
  let endedInCr = false;
  let event = "";
  let data: string[] = [];

  return (piece) => {
    if (piece === "") return [];
    // The second half of a line end whose first half came with the piece before.
    const text = endedInCr && piece.startsWith("\n") ? piece.slice(1) : piece;
    endedInCr = piece.endsWith("\r");
    const lines = text.split(/\r\n|\n|\r/);
    lines[0] = rest + lines[0];
    rest = lines.pop()!;
    const events: ServerSentEvent[] = [];
    for (const line of lines) {
      if (line === "") {
        if (event !== "" || data.length > 0) events.push({ event, data: data.join("\n") });
        event = "";
        data = [];
        continue;
      }
      const [, field, value] = /^([^:]*)(?:: ?([^]*))?$/.exec(line)!;
      if (field === "event") event = value ?? "";
      else if (field === "data") data.push(value ?? "");
    }
    return events;
  };
}

import fc from "fast-check";
import { expect, test } from "vitest";
import { createEventParser, type ServerSentEvent } from "../../src/client/event-parser.ts";

/** Reads pieces as they come over a network. */
function read(pieces: string[]): ServerSentEvent[] {
  const parse = createEventParser();
  return pieces.flatMap((piece) => parse(piece));
}

test("an answer of the server is read", () => {
  const text = `:\n\nevent: next\ndata: {"data":{"a":": é"}}\n\n:ping\n\nevent: complete\ndata: \n\n`;
  expect(read([text])).toEqual([
    { event: "next", data: `{"data":{"a":": é"}}` },
    { event: "complete", data: "" },
  ]);
});

test("fields are read as the standard says", () => {
  expect(read(["data\ndata:  two\nid: 1\nretry: 5\nnonsense\n\n"])).toEqual([{ event: "", data: "\n two" }]);
  expect(read(["event:a\n\ndata:b\n\n"])).toEqual([
    { event: "a", data: "" },
    { event: "", data: "b" },
  ]);
  expect(read(["event: next\ndata: incomplete\n"])).toEqual([]);
});

const line = fc.string({ unit: "grapheme" }).filter((text) => !/[\r\n]/.test(text));
const sent = fc.record({ event: line, data: fc.array(line, { minLength: 1, maxLength: 3 }) });

/** Cuts a text at places, given as shares of its length. */
function cutAt(text: string, shares: readonly number[]): string[] {
  const places = shares.map((share) => Math.floor(share * text.length)).toSorted((a, b) => a - b);
  return [0, ...places].map((from, index) => text.slice(from, places[index]));
}

test("events are the same however they are cut, with whatever line ends", () => {
  fc.assert(
    fc.property(
      fc.array(sent),
      fc.constantFrom("\n", "\r\n", "\r"),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 }),
      (events, end, shares) => {
        const text = events
          .map(({ event, data }) => [`event: ${event}`, ": ping", ...data.map((part) => `data: ${part}`), "", ""].join(end))
          .join("");
        const expected = events.map(({ event, data }) => ({ event, data: data.join("\n") }));
        expect(read(cutAt(text, shares))).toEqual(expected);
      },
    ),
  );
});

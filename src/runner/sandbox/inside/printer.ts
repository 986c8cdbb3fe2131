import { now } from "../wire/real-builtins.ts";
import type { PrintedRecord } from "../wire/record-codec.ts";
import { MAX_PRINTED } from "../wire/record-limits.ts";
import type { Redactor } from "../redaction/redaction.ts";

/** Makes the printed texts of a run fit for others. */
export interface Printer {
  /** Returns the part of the written text that can be printed now; empty while it may be the beginning of a secret. */
  print(stream: PrintedRecord[0], text: string): PrintedRecord[];
  /** Returns the text that was held back, once no more can follow. */
  rest(): PrintedRecord[];
}

/** Returns a printer that also redacts secrets across several writes: a text that may begin a secret waits for the next write to the same stream. */
export function createPrinter(redactor: Redactor): Printer {
  const held = { stdout: "", stderr: "" };
  const printed = (stream: PrintedRecord[0], text: string): PrintedRecord[] =>
    text === "" ? [] : [[stream, redactor.text(text, MAX_PRINTED), now()]];

  return {
    print(stream, text) {
      const all = held[stream] + text;
      const end = redactor.tellable(all);
      held[stream] = all.slice(end);
      return printed(stream, all.slice(0, end));
    },
    rest: () => (["stdout", "stderr"] as const).flatMap((stream) => printed(stream, held[stream])),
  };
}

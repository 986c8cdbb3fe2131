import { setImmediate } from "node:timers/promises";
import type { PipeReader } from "../wire/byte-pipe.ts";
import { BrokenMessage } from "../wire/broken-message.ts";
import { decodeRecords, type Records } from "./decode-records.ts";
import type { Reply } from "../wire/protocol.ts";
import { END } from "../wire/record-codec.ts";
import { MAX_RECORD_BYTES } from "../wire/record-limits.ts";

/** Records that are taken in one go. On SQLite storing lines blocks this thread, so it must stay short. */
const MAX_BATCH = 1000;

/** Takes the content of a pipe, in its order. */
export interface PipeTaker {
  /** Resolves once the records are taken; the pipe is held back until then. */
  records(records: Records): Promise<void>;
  reply(reply: Reply): void;
}

/**
 * Hands on the content of a pipe until it has ended and is empty. Bytes are given back only once they are taken.
 * @throws BrokenMessage for bytes that no sandbox writes, and the errors of `take`.
 */
export async function pump(pipe: PipeReader, take: PipeTaker): Promise<void> {
  // A record that is longer than the pipe comes in pieces, which must be given back before its rest can come.
  let pieces: Buffer[] = [];
  let held = 0;
  for (;;) {
    const piece = pipe.peek();
    if (piece.includes(END)) {
      const bytes = held === 0 ? piece : Buffer.concat([...pieces, piece]);
      const decoded = decodeRecords(bytes, MAX_BATCH)!;
      if ("reply" in decoded) take.reply(decoded.reply);
      else {
        await take.records(decoded.records);
        // A writer that never rests must not have all of this thread.
        await setImmediate();
      }
      pipe.release(decoded.length - held);
      pieces = [];
      held = 0;
    } else if (piece.length >= pipe.capacity) {
      pieces.push(Buffer.from(piece));
      held += piece.length;
      if (held > MAX_RECORD_BYTES) throw new BrokenMessage(`it wrote a record of more than ${MAX_RECORD_BYTES} bytes`);
      pipe.release(piece.length);
    } else if (pipe.ended) {
      return;
    } else {
      await pipe.more();
    }
  }
}

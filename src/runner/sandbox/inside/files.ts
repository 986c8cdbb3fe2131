import { Buffer } from "node:buffer";
import { setImmediate } from "node:timers/promises";
import type { FileContent, StoredFile } from "../../../sdk/define-job.ts";
import { MAX_FILES, type StopReason } from "../wire/protocol.ts";
import { encodeFilePart, type FilePart } from "../wire/record-codec.ts";
import { isFileName, MAX_CHUNK_BYTES, MAX_FILE_NAME } from "../wire/record-limits.ts";
import type { Redactor } from "../redaction/redaction.ts";
import { createTurns } from "../../../turns.ts";

/** After so many bytes the other side's answer is listened for: a file may have been rejected long before its end. */
const LISTEN_BYTES = 1024 * 1024;

/** The files that one run hands over, from inside the sandbox. */
export interface RunFiles {
  create(name: string, content: FileContent): Promise<StoredFile>;
  /** The outcome of a file, from the other side. */
  settle(file: number, result: { stored: StoredFile } | { error: StopReason }): void;
}

interface Pending {
  resolve: (file: StoredFile) => void;
  reject: (error: Error) => void;
  isSettled: boolean;
}

let lastFile = 0;

/** @param write puts a record into the pipe, waiting while that is full. */
export function createFiles(write: (record: string) => void, redactor: Redactor): RunFiles {
  const pending = new Map<number, Pending>();
  const turns = createTurns(MAX_FILES);
  const put = (part: FilePart) => write(encodeFilePart(part));

  /** Writes all of a file, or as much of it as the other side wants. */
  async function send(file: number, content: FileContent, state: Pending): Promise<void> {
    let unheard = 0;
    for await (const piece of piecesOf(content)) {
      for (let at = 0; at < piece.length; at += MAX_CHUNK_BYTES) {
        if (state.isSettled) return;
        const bytes = piece.subarray(at, at + MAX_CHUNK_BYTES);
        put({ kind: "chunk", file, bytes });
        unheard += bytes.length;
        if (unheard < LISTEN_BYTES) continue;
        unheard = 0;
        await setImmediate();
      }
    }
    put({ kind: "end", file });
  }

  async function create(name: string, content: FileContent): Promise<StoredFile> {
    checkName(name);
    const told = redactor.text(name, MAX_FILE_NAME);
    checkName(told);
    const turn = turns.enter();
    if (turn) await turn;
    const file = ++lastFile;
    const { promise, resolve, reject } = Promise.withResolvers<StoredFile>();
    const state: Pending = { resolve, reject, isSettled: false };
    pending.set(file, state);
    put({ kind: "file", file, name: told });
    // The answer may come long before the content's end.
    await Promise.race([
      promise,
      send(file, content, state).catch((error: Error) => {
        put({ kind: "drop", file });
        throw error;
      }),
    ]);
    return promise;
  }

  return {
    create,
    settle(file, result) {
      const state = pending.get(file);
      if (!state) return;
      pending.delete(file);
      turns.leave();
      state.isSettled = true;
      if ("stored" in result) state.resolve(result.stored);
      else state.reject(Object.assign(new Error(result.error.message), { name: result.error.name }));
    },
  };
}

function checkName(name: unknown): asserts name is string {
  if (typeof name !== "string" || name.length === 0 || name.length > MAX_FILE_NAME)
    throw new TypeError(`The name of a file must be a text of 1 to ${MAX_FILE_NAME} characters.`);
  if (!isFileName(name))
    throw new TypeError(`${JSON.stringify(name)} cannot be the name of a file: it has a path separator or a control character.`);
}

async function* piecesOf(content: unknown): AsyncGenerator<Buffer> {
  if (isPiece(content)) return yield bufferOf(content);
  if (typeof content !== "object" || content === null || !(Symbol.asyncIterator in content))
    throw new TypeError("The content of a file must be a text, a Buffer or Uint8Array, or a stream of these.");
  for await (const piece of content as AsyncIterable<unknown>) {
    if (!isPiece(piece))
      throw new TypeError(`The content of a file must consist of texts and bytes; the stream gave a ${typeof piece}.`);
    yield bufferOf(piece);
  }
}

const isPiece = (value: unknown): value is Uint8Array | string => typeof value === "string" || value instanceof Uint8Array;

const bufferOf = (piece: Uint8Array | string) =>
  typeof piece === "string" ? Buffer.from(piece) : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);

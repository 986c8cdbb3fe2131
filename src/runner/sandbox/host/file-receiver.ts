import { Readable } from "node:stream";
import type { StoredFile } from "../../../sdk/define-job.ts";
import type { RunListener } from "../sandbox.ts";
import { BrokenMessage } from "../wire/broken-message.ts";
import { MAX_FILES, type StopReason } from "../wire/protocol.ts";
import type { FilePart } from "../wire/record-codec.ts";

/** Makes streams of the parts of files that come out of a sandbox. */
export interface FileReceiver {
  /** Resolves once the parts were taken, or are not wanted any more. */
  receive(parts: readonly FilePart[]): Promise<void>;
  /** Ends all files: cuts those that are not whole, and resolves once every file is stored or given up. */
  close(): Promise<void>;
}

/** @param answer tells the sandbox the outcome of a file. */
export function createFileReceiver(
  take: RunListener["file"],
  answer: (file: number, result: { stored: StoredFile } | { error: StopReason }) => void,
): FileReceiver {
  const open = new Map<number, PacedStream>();
  const underWay = new Set<Promise<void>>();

  function start(file: number, name: string): void {
    if (open.has(file) || underWay.size >= MAX_FILES) throw new BrokenMessage("it handed over too many files at once");
    const content = createPacedStream();
    open.set(file, content);
    const taken = take(name, content.stream)
      .then(
        (stored) => answer(file, { stored }),
        (error: Error) => answer(file, { error: { name: error.name, message: error.message } }),
      )
      .finally(() => {
        // Parts that still come are for nobody.
        content.stream.destroy();
        underWay.delete(taken);
      });
    underWay.add(taken);
  }

  async function receiveOne(part: FilePart): Promise<void> {
    if (part.kind === "file") return start(part.file, part.name);
    const content = open.get(part.file);
    if (!content) return;
    if (part.kind === "chunk") return content.write(part.bytes);
    open.delete(part.file);
    if (part.kind === "end") content.stream.push(null);
    else content.stream.destroy(new Error("The job failed while it handed the file over."));
  }

  return {
    async receive(parts) {
      for (const part of parts) await receiveOne(part);
    },
    async close() {
      for (const { stream } of open.values()) stream.destroy(new Error("The run ended before the file was whole."));
      open.clear();
      await Promise.all(underWay);
    },
  };
}

interface PacedStream {
  readonly stream: Readable;
  /** Resolves when there is room for more, or when the stream is over: its reader sets the pace of the job. */
  write(chunk: Buffer): Promise<void>;
}

function createPacedStream(): PacedStream {
  let resume = () => undefined as void;
  const stream = new Readable({
    read: () => resume(),
    destroy(error, done) {
      resume();
      done(error);
    },
  });
  // A reader gets the error thrown; without a reader nobody needs it.
  stream.on("error", () => undefined);
  return {
    stream,
    async write(chunk) {
      if (stream.destroyed) return;
      const wanted = new Promise<void>((resolve) => (resume = resolve));
      if (!stream.push(chunk)) await wanted;
    },
  };
}

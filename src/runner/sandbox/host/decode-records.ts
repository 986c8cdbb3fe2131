import type { PrintedText, Progress, SaidLine } from "../sandbox.ts";
import { BrokenMessage } from "../wire/broken-message.ts";
import { checkReply } from "./check-reply.ts";
import { isPlainJson, isStorable } from "../wire/json-shape.ts";
import type { Reply } from "../wire/protocol.ts";
import { END, type FilePart, type SentOperation } from "../wire/record-codec.ts";
import {
  isFileName,
  LEVELS,
  MAX_CHUNK_BYTES,
  MAX_DOCUMENT,
  MAX_LINE,
  MAX_PRINTED,
  MAX_PROGRESS_MESSAGE,
} from "../wire/record-limits.ts";

/** The content of a piece of the pipe, each kind in the order it was said. */
export interface Records {
  lines: SaidLine[];
  printed: PrintedText[];
  /** The newest progress. */
  progress: Progress | undefined;
  fileParts: FilePart[];
  operations: SentOperation[];
}

/** The first records of a piece of the pipe, or a reply that comes before any; `length` is the bytes that they take. */
export type Decoded = { records: Records; length: number } | { reply: Reply; length: number };

const END_BYTE = END.charCodeAt(0);
const REPLY = Buffer.from('["reply",');

/**
 * Returns the first records, at most `max`, that are whole; undefined when none is. Records and a reply after them are two pieces.
 * @throws BrokenMessage for bytes that are no record of a sandbox: they are checked as a stranger's, since a job can write them too.
 */
export function decodeRecords(bytes: Buffer, max: number): Decoded | undefined {
  let length = 0;
  let count = 0;
  for (let end = bytes.indexOf(END_BYTE); end !== -1 && count < max; end = bytes.indexOf(END_BYTE, length)) {
    const isReply = bytes[length + 2] === REPLY[2] && bytes.subarray(length, length + REPLY.length).equals(REPLY);
    if (isReply && count > 0) break;
    length = end + 1;
    count += 1;
    if (isReply) return { reply: checkReply(parse(bytes, length)[0]![1]), length };
  }
  return count === 0 ? undefined : { records: recordsOf(parse(bytes, length)), length };
}

type Unknown = readonly unknown[];

function parse(bytes: Buffer, length: number): Unknown[] {
  let parsed: unknown[];
  try {
    parsed = JSON.parse(`[${bytes.toString("utf8", 0, length - 1).replaceAll(END, ",")}]`) as unknown[];
  } catch {
    throw new BrokenMessage("it wrote a record that is not JSON");
  }
  if (!parsed.every((record) => Array.isArray(record))) throw new BrokenMessage("it wrote a record that is no list");
  return parsed as Unknown[];
}

function recordsOf(parsed: Unknown[]): Records {
  const records: Records = { lines: [], printed: [], progress: undefined, fileParts: [], operations: [] };
  for (const record of parsed) {
    if (record.length === 6) records.lines.push(lineOf(record));
    else sort(record, records);
  }
  return records;
}

function lineOf([log_level, grouping, message, created, log_object, absolute_url]: Unknown): SaidLine {
  const isLine =
    typeof log_level === "string" &&
    Object.hasOwn(LEVELS, log_level) &&
    isText(grouping, MAX_LINE.grouping) &&
    isText(message, MAX_LINE.message) &&
    isTime(created) &&
    isText(log_object, MAX_LINE.log_object) &&
    isText(absolute_url, MAX_LINE.absolute_url);
  if (!isLine) throw new BrokenMessage("it wrote a log line of a wrong form");
  return { log_level: log_level as SaidLine["log_level"], grouping, message, created: isoOf(created), log_object, absolute_url };
}

function sort([kind, ...rest]: Unknown, into: Records): void {
  switch (kind) {
    case "stdout":
      return void into.printed.push(printedOf("STDOUT", rest));
    case "stderr":
      return void into.printed.push(printedOf("STDERR", rest));
    case "progress":
      return void (into.progress = progressOf(rest));
    case "graphql":
      return void into.operations.push(operationOf(rest));
    default:
      return void into.fileParts.push(filePartOf(kind, rest));
  }
}

function printedOf(output_type: PrintedText["output_type"], [text, created]: Unknown): PrintedText {
  if (!isText(text, MAX_PRINTED) || !isTime(created)) throw new BrokenMessage("it wrote a print of a wrong form");
  return { timestamp: isoOf(created), output_type, text };
}

function progressOf([done, total, message]: Unknown): Progress {
  if (!Number.isFinite(done) || !(total === null || Number.isFinite(total)) || !isText(message, MAX_PROGRESS_MESSAGE))
    throw new BrokenMessage("it wrote a progress of a wrong form");
  return { done: done as number, total: total as number | null, message };
}

function operationOf([operation, document, variables]: Unknown): SentOperation {
  const isOperation =
    Number.isSafeInteger(operation) &&
    typeof document === "string" &&
    document.length <= MAX_DOCUMENT &&
    typeof variables === "object" &&
    variables !== null &&
    !Array.isArray(variables) &&
    isPlainJson(variables, isAny);
  if (!isOperation) throw new BrokenMessage("it wrote an operation of a wrong form");
  return { operation: operation as number, document, variables: variables as SentOperation["variables"] };
}

function filePartOf(kind: unknown, [file, content]: Unknown): FilePart {
  if (Number.isSafeInteger(file)) {
    const number = file as number;
    if (kind === "end" || kind === "drop") return { kind, file: number };
    if (kind === "file" && isFileName(content)) return { kind, file: number, name: content };
    if (kind === "chunk" && typeof content === "string" && content.length <= (MAX_CHUNK_BYTES / 3) * 4)
      return { kind, file: number, bytes: Buffer.from(content, "base64") };
  }
  throw new BrokenMessage("it wrote a record of an unknown form");
}

/** The server refuses texts of operations itself, with a sentence. */
const isAny = () => true;

const isText = (value: unknown, max: number): value is string =>
  typeof value === "string" && value.length <= max && isStorable(value);

/** The last millisecond of the year 9999: databases take no later one. */
const LAST_TIME = 253_402_300_799_999;

const isTime = (value: unknown): value is number => typeof value === "number" && value >= 0 && value <= LAST_TIME;

let lastMs = Number.NaN;
let lastIso = "";

/** Returns a time as ISO 8601 text. Records of a burst share their milliseconds, and making the text is a third of the work on a line. */
function isoOf(ms: number): string {
  if (ms !== lastMs) {
    lastIso = new Date(ms).toISOString();
    lastMs = ms;
  }
  return lastIso;
}

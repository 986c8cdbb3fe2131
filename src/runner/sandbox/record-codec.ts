import type { LogLevel } from "../../entities/choices.ts";
import type { PrintedText, Progress, SaidLine } from "../sandbox.ts";

/** A part of a file that a job hands over; `file` is its number within the sandbox. Parts of several files may come in turns. */
export type FilePart =
  | { kind: "file"; file: number; name: string }
  | { kind: "chunk"; file: number; bytes: Buffer }
  | { kind: "end"; file: number }
  /** The job could not say the rest. */
  | { kind: "drop"; file: number };

/** A GraphQL operation that a job asks for; `operation` is its number within the sandbox. */
export interface SentOperation {
  operation: number;
  document: string;
  variables: { [name: string]: unknown };
}

/** Separates two records in the pipe. JSON writes a line feed inside a text as `\n`, so it stands nowhere else. */
const END = "\n";
const END_BYTE = 0x0a;

type LineRecord = [SaidLine["level"], string, string, number, string, string];
type Record =
  | LineRecord
  | [PrintedText["stream"], string, number]
  | ["progress", number, number | null, string]
  | ["file", number, string]
  | ["chunk", number, string]
  | ["drop" | "end", number]
  | ["graphql", number, string, SentOperation["variables"]];

const encode = (record: Record) => JSON.stringify(record) + END;

/** A line as it goes into the pipe. */
export function encodeLine({ level, grouping, message, created, object, url }: SaidLine): string {
  return encode([level, grouping, message, created, object, url]);
}

/** A printed text as it goes into the pipe. */
export function encodePrinted({ stream, text, created }: PrintedText): string {
  return encode([stream, text, created]);
}

/** Progress as it goes into the pipe. */
export function encodeProgress({ done, total, message }: Progress): string {
  return encode(["progress", done, total, message]);
}

/** Part of a file as it goes into the pipe. */
export function encodeFilePart(part: FilePart): string {
  switch (part.kind) {
    case "file":
      return encode([part.kind, part.file, part.name]);
    case "chunk":
      return encode([part.kind, part.file, part.bytes.toString("base64")]);
    default:
      return encode([part.kind, part.file]);
  }
}

/** An operation as it goes into the pipe; its variables come as JSON. */
export function encodeOperation({ operation, document, json }: { operation: number; document: string; json: string }): string {
  return `["graphql",${operation},${JSON.stringify(document)},${json}]${END}`;
}

/** What a piece of the pipe said, each kind in the order it was said. */
export interface Records {
  lines: SaidLine[];
  printed: PrintedText[];
  /** The last of what it said of its progress. */
  progress: Progress | undefined;
  fileParts: FilePart[];
  operations: SentOperation[];
}

/** The first records, at most `max`, that are whole in what the pipe holds, and how many bytes they take; nothing when none is whole. */
export function decodeRecords(bytes: Buffer, max: number): { records: Records; length: number } | undefined {
  let length = 0;
  let count = 0;
  for (let end = bytes.indexOf(END_BYTE); end !== -1 && count < max; end = bytes.indexOf(END_BYTE, length)) {
    length = end + 1;
    count += 1;
  }
  if (count === 0) return undefined;
  const records: Records = { lines: [], printed: [], progress: undefined, fileParts: [], operations: [] };
  for (const record of JSON.parse(`[${bytes.toString("utf8", 0, length - 1).replaceAll(END, ",")}]`) as Record[]) {
    if (record.length === 6) records.lines.push(lineOf(record));
    else sort(record, records);
  }
  return { records, length };
}

const lineOf = ([level, grouping, message, created, object, url]: LineRecord): SaidLine => ({
  level: level as LogLevel,
  grouping,
  message,
  created,
  object,
  url,
});

function sort(record: Exclude<Record, LineRecord>, into: Records): void {
  switch (record[0]) {
    case "stdout":
    case "stderr":
      into.printed.push({ stream: record[0], text: record[1], created: record[2] });
      break;
    case "progress":
      into.progress = { done: record[1], total: record[2], message: record[3] };
      break;
    case "file":
      into.fileParts.push({ kind: record[0], file: record[1], name: record[2] });
      break;
    case "chunk":
      into.fileParts.push({ kind: record[0], file: record[1], bytes: Buffer.from(record[2], "base64") });
      break;
    case "graphql":
      into.operations.push({ operation: record[1], document: record[2], variables: record[3] });
      break;
    default:
      into.fileParts.push({ kind: record[0], file: record[1] });
  }
}

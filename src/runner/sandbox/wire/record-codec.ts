import { Buffer } from "node:buffer";
import type { LogLevel } from "../../../entities/choices.ts";
import type { Progress } from "../sandbox.ts";
import type { Reply } from "./protocol.ts";
import { stringify } from "./real-builtins.ts";

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
export const END = "\n";

/** A line; `created` is milliseconds since the epoch. */
export type LineRecord = [
  log_level: LogLevel,
  grouping: string,
  message: string,
  created: number,
  log_object: string,
  absolute_url: string,
];

/** A text that the job printed with one write; `created` is milliseconds since the epoch. */
export type PrintedRecord = [stream: "stderr" | "stdout", text: string, created: number];

type Record =
  | LineRecord
  | PrintedRecord
  | ["progress", number, number | null, string]
  | ["file", number, string]
  | ["chunk", number, string]
  | ["drop" | "end", number]
  | ["graphql", number, string, SentOperation["variables"]]
  | ["reply", Reply];

const encode = (record: Record) => stringify(record) + END;

/** A line or a printed text as it goes into the pipe. */
export const encodeSaid = (said: LineRecord | PrintedRecord): string => encode(said);

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
  return `["graphql",${operation},${stringify(document)},${json}]${END}`;
}

/** A reply as it goes into the pipe. */
export function encodeReply(reply: Reply): string {
  return encode(["reply", reply]);
}

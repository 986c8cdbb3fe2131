import type { SaidLine } from "../sandbox.ts";

/** Separates two lines in the pipe. JSON writes a line feed inside a text as `\n`, so it stands nowhere else. */
const END = "\n";
const END_BYTE = 0x0a;

/** A line as it goes into the pipe. */
export function encodeLine({ level, grouping, message, created, object, url }: SaidLine): string {
  return JSON.stringify([level, grouping, message, created, object, url]) + END;
}

/** The first lines, at most `max`, that are whole in what the pipe holds, and how many bytes they take. */
export function decodeLines(bytes: Buffer, max: number): { lines: SaidLine[]; length: number } {
  let length = 0;
  let count = 0;
  for (let end = bytes.indexOf(END_BYTE); end !== -1 && count < max; end = bytes.indexOf(END_BYTE, length)) {
    length = end + 1;
    count += 1;
  }
  if (count === 0) return { lines: [], length: 0 };
  const records = JSON.parse(`[${bytes.toString("utf8", 0, length - 1).replaceAll(END, ",")}]`) as [
    SaidLine["level"],
    string,
    string,
    number,
    string,
    string,
  ][];
  return {
    length,
    lines: records.map(([level, grouping, message, created, object, url]) => ({
      level,
      grouping,
      message,
      created,
      object,
      url,
    })),
  };
}

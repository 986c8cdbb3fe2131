import Sqlite from "better-sqlite3";
import { addMatchers } from "./matcher.ts";
import { TooManyBytes } from "../read-refusals.ts";
import { readBatches, type Rows } from "./batches.ts";

/* The program of a reader process: it waits for a statement, sends its rows, and waits again. A statement that is not to go on ends with the process. */

/** A statement to be read. */
export interface ScanRequest {
  sql: string;
  parameters: readonly unknown[];
  maxBytes?: number | undefined;
}

/** Part of an answer; `rows` are followed by more. */
export type ScanReply = { rows: Rows } | { error: string; isTooMuch: boolean } | { end: true };

// This process may well wait for a lock in its only thread.
const connection = new Sqlite(process.argv[2]!, { readonly: true });
addMatchers(connection);

const send = (reply: ScanReply) => new Promise<void>((resolve) => process.send!(reply, () => resolve()));

async function answer({ sql, parameters, maxBytes }: ScanRequest): Promise<void> {
  try {
    for (const rows of readBatches(connection.prepare(sql), parameters, maxBytes)) await send({ rows });
    await send({ end: true });
  } catch (error) {
    await send({ error: (error as Error).message, isTooMuch: error instanceof TooManyBytes });
  }
}

process.on("message", (request: ScanRequest) => void answer(request));
process.on("disconnect", () => process.exit());

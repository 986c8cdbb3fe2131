import { EventEmitter } from "node:events";
import { Client, type ClientConfig, type Connection, type FieldDef, type Pool, Query, type QueryConfig } from "pg";
import { parseStoredJson } from "../json-length.ts";

/*
 * `pg` makes a text of every field, a message of every row, and an event of every message, before it makes the row: a third of the time of
 * an answer of thousands of rows. Here the bytes that arrive together become one text, and rows share it.
 */

/** What `pg`'s classes do and its types do not tell. */
interface QueryMethods {
  submit(connection: Connection): Error | null;
  handleRowDescription(message: { fields: FieldDef[] }): void;
  handleReadyForQuery(connection: Connection): void;
  handleError(error: Error, connection: Connection): void;
}
type Attachable = Connection & { attachListeners(stream: EventEmitter): void };

type Row = Record<string, unknown>;

/** Whose rows are under way, on the connections where they are not `pg`'s to make. */
const readings = new WeakMap<Connection, Reading>();

/** Statements that the server keeps prepared, a connection: it forgets none, and clients choose the columns, so their number is bounded. */
const MAX_NAMES = 500;

/** A name for each of the first texts, under which the server keeps it prepared; none for those that come later. */
export function createNames(prefix: string): (text: string) => string | undefined {
  const names = new Map<string, string>();
  return (text) => {
    if (!names.has(text) && names.size < MAX_NAMES) names.set(text, `${prefix}-${names.size}`);
    return names.get(text);
  };
}

/**
 * A client that also runs a {@link Reading}, and that has the server keep statements with parameters prepared. MikroORM's own have none: it
 * writes values into texts that never come again.
 */
export class ReadingClient extends Client {
  constructor(config?: ClientConfig | string) {
    super(config);
    const { connection } = this as unknown as { connection: Attachable };
    const attach = connection.attachListeners.bind(connection);
    connection.attachListeners = (stream) => attach(withoutRows(stream, connection));
    const nameOf = createNames("rows");
    const query = this.query.bind(this) as (...how: unknown[]) => unknown;
    this.query = ((statement: unknown, ...rest: unknown[]) => {
      const isText = typeof statement === "string" && Array.isArray(rest[0]) && rest[0].length > 0;
      return query(isText ? { text: statement, name: nameOf(statement) } : statement, ...rest);
    }) as Client["query"];
  }
}

/** The rows of a statement, by a pool of {@link ReadingClient}s. Timestamps with a fraction come as ISO 8601 text. */
export async function readRows(pool: Pool, statement: QueryConfig): Promise<Row[]> {
  const reading = new Reading(statement);
  // The pool gives a promise all the same.
  await (pool.query(reading) as unknown as Promise<unknown>);
  return reading.found;
}

/** A query that makes its rows itself. */
class Reading extends (Query as unknown as new (config: QueryConfig) => QueryMethods) {
  /** The rows, once the query has ended. */
  readonly found: Row[] = [];
  #read: ReadRows | undefined;

  /** Takes the rows that stand from an offset on. @returns the offset behind the last that is complete. */
  take(bytes: Buffer, from: number): number {
    return this.#read!(bytes, from, this.found);
  }

  override submit(connection: Connection): Error | null {
    readings.set(connection, this);
    return super.submit(connection);
  }

  override handleRowDescription(message: { fields: FieldDef[] }): void {
    super.handleRowDescription(message);
    this.#read = createRowsReader(message.fields);
  }

  override handleReadyForQuery(connection: Connection): void {
    readings.delete(connection);
    super.handleReadyForQuery(connection);
  }

  override handleError(error: Error, connection: Connection): void {
    readings.delete(connection);
    super.handleError(error, connection);
  }
}

/** A code, and a length that counts itself. */
const CODE_BYTES = 1;
const HEADER_BYTES = 5;
/** Of a row: how many fields, and before each how long it is, less than nothing for null. */
const COUNT_BYTES = 2;
const LENGTH_BYTES = 4;
const DATA_ROW = 0x44;

/** Whether a whole message stands at an offset. */
const isWhole = (bytes: Buffer, at: number) =>
  at + HEADER_BYTES <= bytes.length && at + CODE_BYTES + bytes.readUInt32BE(at + CODE_BYTES) <= bytes.length;

/** What a server sends, in whole messages, without the rows that go to a {@link Reading}. */
function withoutRows(stream: EventEmitter, connection: Connection): EventEmitter {
  const rest = new EventEmitter();
  let held: Buffer = Buffer.alloc(0);
  stream.on("data", (chunk: Buffer) => {
    const bytes = held.length > 0 ? Buffer.concat([held, chunk]) : chunk;
    let from = 0;
    let at = 0;
    const pass = () => (from < at ? rest.emit("data", bytes.subarray(from, at)) : false);
    while (isWhole(bytes, at)) {
      const reading = bytes[at] === DATA_ROW ? readings.get(connection) : undefined;
      if (reading) {
        // Among what comes before is what the columns are.
        pass();
        from = at = reading.take(bytes, at);
      } else at += CODE_BYTES + bytes.readUInt32BE(at + CODE_BYTES);
    }
    held = bytes.subarray(at);
    pass();
  });
  stream.on("end", () => rest.emit("end"));
  return rest;
}

/** Ids of PostgreSQL's own types. */
const BOOLEAN = 16;
const JSONS: ReadonlySet<number> = new Set([114, 3802]);
const NUMBERS: ReadonlySet<number> = new Set([20, 21, 23, 700, 701]);
const TIMESTAMP = 1184;
const UUID = 2950;

/** Makes a value of the characters from one offset to another; each stands where its byte does. */
type ReadField = (text: string, from: number, to: number, bytes: Buffer) => unknown;

function readerOf(type: number): ReadField {
  if (type === BOOLEAN) return (text, from) => text[from] === "t";
  if (type === UUID) return (text, from, to) => text.slice(from, to);
  if (type === TIMESTAMP) return (text, from, to) => text.slice(from, text[from + ISO_BYTES - 1] === "Z" ? from + ISO_BYTES : to);
  if (NUMBERS.has(type)) return (text, from, to) => Number(text.slice(from, to));
  if (JSONS.has(type)) return (text, from, to, bytes) => parseStoredJson(readText(text, from, to, bytes));
  return readText;
}

const readText = (text: string, from: number, to: number, bytes: Buffer): string => {
  for (let at = from; at < to; at++) if (bytes[at]! > 0x7f) return bytes.toString("utf8", from, to);
  return text.slice(from, to);
};

/** Of `2026-11-24T08:24:11.300Z`. */
const ISO_BYTES = 24;
const [T, Z, ZERO, PLUS, POINT] = Buffer.from("TZ0+.") as unknown as [number, number, number, number, number];

/** Turns `2026-11-24 08:24:11.3+00` into ISO 8601 in its place; what has no fraction, and no room for one, stays as it is. */
function writeIso(bytes: Buffer, from: number, to: number): void {
  const zone = to - 3;
  if (to - from < ISO_BYTES || bytes[from + 19] !== POINT || bytes[zone] !== PLUS) return;
  bytes[from + 10] = T;
  bytes.fill(ZERO, zone, from + ISO_BYTES - 1);
  bytes[from + ISO_BYTES - 1] = Z;
}

/** Adds the rows of the whole messages from an offset on to others. @returns the offset behind them. */
type ReadRows = (bytes: Buffer, from: number, rows: Row[]) => number;

function createRowsReader(fields: readonly FieldDef[]): ReadRows {
  const readers = fields.map(({ dataTypeID }) => readerOf(dataTypeID));
  const isTime = fields.map(({ dataTypeID }) => dataTypeID === TIMESTAMP);
  // Code that names the columns makes rows that are small, and of one shape.
  const members = fields.map(({ name }, n) => `${JSON.stringify(name)}: values[${n}]`);
  // oxlint-disable-next-line typescript/no-implied-eval -- of quoted names
  const makeRow = new Function("values", `return { ${members.join(", ")} }`) as (values: readonly unknown[]) => Row;
  const values: unknown[] = fields.map(() => null);

  return (bytes, from, rows) => {
    const bounds: number[] = [];
    let end = from;
    while (isWhole(bytes, end) && bytes[end] === DATA_ROW) {
      let at = end + HEADER_BYTES + COUNT_BYTES;
      for (let n = 0; n < fields.length; n++) {
        const length = bytes.readInt32BE(at);
        at += LENGTH_BYTES;
        bounds.push(length < 0 ? -1 : at);
        if (length > 0) at += length;
        if (isTime[n]) writeIso(bytes, at - length, at);
        bounds.push(at);
      }
      end = at;
    }
    const text = bytes.toString("latin1", 0, end);
    for (let bound = 0; bound < bounds.length;) {
      for (let n = 0; n < fields.length; n++) {
        const start = bounds[bound++]!;
        const stop = bounds[bound++]!;
        values[n] = start < 0 ? null : readers[n]!(text, start, stop, bytes);
      }
      rows.push(makeRow(values));
    }
    return end;
  };
}

import { EventEmitter } from "node:events";
import { Client, type ClientConfig, type Connection, type FieldDef, Query, type QueryConfig } from "pg";
import { behindRows, CODE_BYTES, createRowsReader, DATA_ROW, HEADER_BYTES, isWhole, type ReadRows, type Row } from "./rows.ts";

/*
 * `pg` makes a text of every field, a message of every row, and an event of every message, before it makes the row: a third of the time of
 * an answer of thousands of rows. Here the bytes that arrive together become one text, and rows share it. A row that is longer than a read may
 * have is dropped while it arrives; `pg` would hold all of it first. `pg` has no public way to either. The parts of `pg` 8.23 that are used here
 * and in `cancel.ts` are listed in `test/entities/databases/postgresql/pg-parts.postgresql.test.ts`.
 */

/** Methods of `pg`'s classes that its types leave out. */
interface QueryMethods {
  submit(connection: Connection): Error | null;
  handleRowDescription(message: { fields: FieldDef[] }): void;
  handleReadyForQuery(connection: Connection): void;
  handleError(error: Error, connection: Connection): void;
}
interface Runner {
  query(query: unknown, values: undefined, callback: (error: Error | undefined) => void): unknown;
}
type Attachable = Connection & { attachListeners(stream: EventEmitter): void };

/** Readings under way, by the connection on which rows bypass `pg`. */
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

/** Bytes of rows that a {@link Reading} takes. */
interface ReadingBound {
  bytes: number;
  /** Called once, as soon as there are more: the rows are dropped from there on. */
  onMore(): void;
}

const UNBOUNDED: ReadingBound = { bytes: Infinity, onMore: () => undefined };

/** A query that makes its rows itself, for {@link ReadingClient}s. Timestamps with a fraction come as ISO 8601 text. */
export class Reading extends (Query as unknown as new (config: QueryConfig) => QueryMethods) {
  /** The rows, once the query has ended. */
  found: Row[] = [];
  readonly #bound: ReadingBound;
  #read: ReadRows | undefined;
  #bytes = 0;

  constructor(config: QueryConfig, bound: ReadingBound = UNBOUNDED) {
    super(config);
    this.#bound = bound;
  }

  /** Resolves once the query has ended. */
  by(client: Pick<Client, "query">): Promise<void> {
    return new Promise((resolve, reject) => {
      (client as Runner).query(this, undefined, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Takes the rows that stand from an offset on. @returns the offset behind the last that is complete. */
  take(bytes: Buffer, from: number): number {
    if (this.#isFull) return behindRows(bytes, from);
    const end = this.#read!(bytes, from, this.found);
    this.#count(end - from);
    return end;
  }

  /** Tells whether a row that is yet to come has more bytes than are left: it is dropped with the others. */
  cannotTake(bytes: number): boolean {
    if (!this.#isFull && this.#bytes + bytes > this.#bound.bytes) this.#count(bytes);
    return this.#isFull;
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    if (!this.#isFull) return;
    this.found = [];
    this.#bound.onMore();
  }

  /** Bytes of the rows that were read. */
  get bytes(): number {
    return this.#bytes;
  }

  get #isFull(): boolean {
    return this.#bytes > this.#bound.bytes;
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

/** The whole messages of a server, without the rows that go to a {@link Reading}. */
function withoutRows(stream: EventEmitter, connection: Connection): EventEmitter {
  const rest = new EventEmitter();
  // A message that came in part, and how many bytes it has as a whole: long ones come in thousands of chunks, which are joined once.
  let held: Buffer[] = [];
  let heldBytes = 0;
  let needed = 0;
  /** Bytes of a row that nobody wants, still to come. */
  let unwanted = 0;

  function join(chunk: Buffer): Buffer | undefined {
    const wanted = chunk.subarray(Math.min(unwanted, chunk.length));
    unwanted -= chunk.length - wanted.length;
    if (wanted.length === 0) return undefined;
    if (heldBytes === 0) return wanted;
    held.push(wanted);
    heldBytes += wanted.length;
    if (heldBytes < needed) return undefined;
    const bytes = Buffer.concat(held);
    held = [];
    heldBytes = 0;
    return bytes;
  }

  function hold(bytes: Buffer): void {
    if (bytes.length === 0) return;
    needed = bytes.length < HEADER_BYTES ? HEADER_BYTES : CODE_BYTES + bytes.readUInt32BE(CODE_BYTES);
    const reading = bytes[0] === DATA_ROW && bytes.length >= HEADER_BYTES ? readings.get(connection) : undefined;
    if (reading?.cannotTake(needed)) {
      unwanted = needed - bytes.length;
      return;
    }
    held = [bytes];
    heldBytes = bytes.length;
  }

  stream.on("data", (chunk: Buffer) => {
    const bytes = join(chunk);
    if (!bytes) return;
    let from = 0;
    let at = 0;
    const pass = () => (from < at ? rest.emit("data", bytes.subarray(from, at)) : false);
    while (isWhole(bytes, at)) {
      const reading = bytes[at] === DATA_ROW ? readings.get(connection) : undefined;
      if (reading) {
        // The bytes before have the names and types of the columns.
        pass();
        from = at = reading.take(bytes, at);
      } else at += CODE_BYTES + bytes.readUInt32BE(at + CODE_BYTES);
    }
    pass();
    hold(bytes.subarray(at));
  });
  stream.on("end", () => rest.emit("end"));
  return rest;
}

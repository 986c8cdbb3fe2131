/** Limits of reading, and sizes of the lanes. */
export interface ReadLimits {
  /** Milliseconds that a statement of a client's read may take. */
  readonly statementTimeoutMs: number;
  /** SQLite: processes that run reads that may take long, at most. */
  readonly readerProcesses: number;
  /** PostgreSQL: connections for reads of clients, at most; those that may take long have half of them. */
  readonly readerConnections: number;
  /** PostgreSQL: connections for writes and for the server's own reads, at most. */
  readonly writerConnections: number;
}

/** The limits of a database that is opened without any. */
export const READ_LIMITS: ReadLimits = {
  statementTimeoutMs: 30_000,
  readerProcesses: 2,
  readerConnections: 10,
  writerConnections: 10,
};

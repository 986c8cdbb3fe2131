/** Classes of PostgreSQL's SQLSTATE: connection, resources (full disk, too many connections), operator's intervention, system errors. */
const CLASSES = new Set(["08", "53", "57", "58"]);

/** Single states of PostgreSQL: serialization, deadlock, a lock that is not free, a server that only reads for now. */
const STATES = new Set(["40001", "40P01", "55P03", "25006"]);

/** Results of SQLite, with their extended forms: `SQLITE_IOERR_WRITE`. */
const SQLITE = /^SQLITE_(BUSY|LOCKED|IOERR|FULL|CANTOPEN|NOMEM|PROTOCOL|READONLY)/;

/** Errors of the network, as Node names them. */
const NETWORK = /^(E(CONN\w+|PIPE|TIMEDOUT|HOST\w+|NET\w+|NOTFOUND)|EAI_AGAIN)$/;

/** Errors of `pg` and of Redis that have no code: a connection that broke, or did not come in time. */
const BROKEN =
  /connection (terminated|error|timeout)|connection.*not queryable|timeout exceeded when trying to connect|query read timeout|socket closed unexpectedly/i;

/**
 * Returns whether a statement failed for a reason that may pass by itself: the database is away, restarts, is full, or has no connection to give. The
 * same statement can then be tried again. The causes of an error count as well.
 */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code = "" } = error as { code?: unknown };
  if (typeof code === "string") {
    if (/^[0-9A-Z]{5}$/.test(code) && (CLASSES.has(code.slice(0, 2)) || STATES.has(code))) return true;
    if (SQLITE.test(code) || NETWORK.test(code)) return true;
  }
  if (BROKEN.test(error.message)) return true;
  const inner = error instanceof AggregateError ? error.errors : [error.cause];
  return inner.some(isPassing);
}

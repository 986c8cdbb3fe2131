import { setTimeout as delay } from "node:timers/promises";
import { type DatabaseConnection, SqliteDialect, SqliteDriver } from "kysely";
import { releaseFailed } from "../release-failed.ts";

/** Milliseconds that a statement waits for a lock of another connection before it fails. */
const PATIENCE_MS = 5000;

/** Longest pause between two attempts. */
const PAUSE_MS = 50;

/** Another connection holds the lock. A statement that fails so has done nothing. SQLITE_BUSY_SNAPSHOT is another matter: no wait mends it. */
const BUSY: ReadonlySet<unknown> = new Set(["SQLITE_BUSY", "SQLITE_BUSY_RECOVERY"]);

/** Tells whether SQLite rejected a statement because another connection holds a lock, so that the statement can be tried again. */
export const isBusy = (error: unknown): boolean => BUSY.has((error as { code?: unknown } | undefined)?.code);

/**
 * Returns the result of an act, which is tried again while another connection holds a lock. The thread stays free meanwhile: SQLite's own
 * busy timeout would hold it.
 * @throws SQLite's error, after `patienceMs`; five seconds when absent.
 */
export async function whenUnlocked<T>(act: () => T | Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
  const end = performance.now() + patienceMs;
  for (let pause = 1; ; pause = Math.min(2 * pause, PAUSE_MS)) {
    try {
      return await act();
    } catch (error) {
      if (!isBusy(error) || performance.now() > end) throw error;
    }
    await delay(pause);
  }
}

/** The dialect of a connection without a busy timeout: its statements wait for locks by {@link whenUnlocked}. */
export class PatientSqliteDialect extends SqliteDialect {
  readonly #config: ConstructorParameters<typeof SqliteDialect>[0];

  constructor(config: ConstructorParameters<typeof SqliteDialect>[0]) {
    super(config);
    this.#config = config;
  }

  override createDriver(): SqliteDriver {
    return releaseFailed(new PatientDriver(this.#config));
  }
}

class PatientDriver extends SqliteDriver {
  #patient: DatabaseConnection | undefined;

  override async acquireConnection(): Promise<DatabaseConnection> {
    const connection = await super.acquireConnection();
    return (this.#patient ??= {
      executeQuery: (query) => whenUnlocked(() => connection.executeQuery(query)),
      streamQuery: (query, chunkSize) => connection.streamQuery(query, chunkSize),
    });
  }
}

import type { DatabaseConnection, Driver } from "kysely";

/**
 * Makes a driver lose no connection to a transaction that cannot be begun or rolled back. Kysely 0.29 keeps such a connection for ever (issue 1990 of
 * `kysely-org/kysely`): each fault of the database costs a connection of the pool, and on SQLite the only one. Here a begin that fails is told by the first
 * statement instead, so that the rollback after it gives the connection back; a rollback that fails has nothing left to undo.
 */
export function releaseFailed<T extends Driver>(driver: T): T {
  const { acquireConnection, beginTransaction, commitTransaction, rollbackTransaction } = driver;
  const failures = new WeakMap<DatabaseConnection, { error: unknown }>();
  const watched = new WeakSet<DatabaseConnection>();

  function mustHaveBegun(connection: DatabaseConnection): void {
    const failure = failures.get(connection);
    if (failure) throw failure.error;
  }

  return Object.assign(driver, {
    async acquireConnection(...how) {
      const connection = await acquireConnection.apply(driver, how);
      if (!watched.has(connection)) {
        watched.add(connection);
        const execute = connection.executeQuery.bind(connection);
        connection.executeQuery = async (...query) => {
          mustHaveBegun(connection);
          return (await execute(...query)) as never;
        };
      }
      return connection;
    },
    async beginTransaction(connection, settings) {
      await beginTransaction.call(driver, connection, settings).catch((error: unknown) => failures.set(connection, { error }));
    },
    async commitTransaction(connection) {
      mustHaveBegun(connection);
      await commitTransaction.call(driver, connection);
    },
    async rollbackTransaction(connection) {
      if (!failures.delete(connection)) await rollbackTransaction.call(driver, connection).catch(() => undefined);
    },
  } satisfies Partial<Driver>);
}

import type { Configuration } from "@mikro-orm/core";
import { PostgreSqlConnection, PostgreSqlPlatform } from "@mikro-orm/postgresql";
import { AbstractSqlDriver } from "@mikro-orm/sql";
import { releaseFailed } from "../release-failed.ts";

/** MikroORM's connection, by a driver that loses none to a failed transaction. */
class SteadyConnection extends PostgreSqlConnection {
  override createKyselyDialect(...how: Parameters<PostgreSqlConnection["createKyselyDialect"]>) {
    const dialect = super.createKyselyDialect(...how);
    const createDriver = dialect.createDriver.bind(dialect);
    return Object.assign(dialect, { createDriver: () => releaseFailed(createDriver()) });
  }
}

/** MikroORM's driver with that connection; see {@link releaseFailed}. */
export class SteadyPostgreSqlDriver extends AbstractSqlDriver<SteadyConnection> {
  constructor(config: Configuration) {
    super(config, new PostgreSqlPlatform(), SteadyConnection, ["kysely", "pg"]);
  }
}

import type { ClientConfig } from "pg";
import { parseIntoClientConfig } from "pg-connection-string";

/**
 * Returns the options of a connection: those of the URL with all of its parameters, such as `sslmode` and `options`. Sessions run in UTC, which the text form of
 * timestamps relies on.
 * @param name of the connection in `pg_stat_activity`, unless the URL gives `application_name`.
 */
export function connectionOf(url: string, name = "jobgraph"): ClientConfig {
  const { options = "", ...given } = parseIntoClientConfig(url);
  return { application_name: name, ...(given as ClientConfig), options: `${options} -c timezone=UTC`.trimStart() };
}

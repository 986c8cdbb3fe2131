import Sqlite from "better-sqlite3";
import { Client } from "pg";
import { onTestFinished } from "vitest";

/**
 * Statements that come by themselves: the server prepares others, notes when keys were used, looks how large tables are and whether workers are alive, and
 * talks to other servers.
 */
const UNASKED =
  /^explain |^select 1$|pg_notify|sqlite_master|last_used|sqlite_stat|max\(rowid\)|pragma_page|pg_class|pg_stat|worker/;

/** Records the statements of this process, at the drivers of both databases, until the test is over. @returns those since the last call. */
export function recordStatements(): () => string[] {
  let texts: string[] = [];
  const record = (text: unknown) => {
    if (typeof text === "string" && !UNASKED.test(text)) texts.push(text);
  };
  const connection = new Sqlite(":memory:");
  const statement = Object.getPrototypeOf(connection.prepare("select 1")) as Record<string, (...args: unknown[]) => unknown>;
  connection.close();
  for (const method of ["all", "get", "iterate", "run"])
    spy(statement, method, (self) => record((self as { source: string }).source));
  spy(Client.prototype as never, "query", (_, asked) =>
    record(typeof asked === "string" ? asked : ((asked as { text?: string } | undefined)?.text ?? "")),
  );
  return () => {
    const recorded = texts;
    texts = [];
    return recorded;
  };
}

function spy(
  on: Record<string, (...args: unknown[]) => unknown>,
  method: string,
  see: (self: unknown, first: unknown) => void,
): void {
  const before = on[method]!;
  on[method] = function (this: unknown, ...args: unknown[]) {
    see(this, args[0]);
    return before.apply(this, args);
  };
  onTestFinished(() => void (on[method] = before));
}

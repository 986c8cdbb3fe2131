import { CompiledQuery } from "kysely";

/** Runs a statement that only reads. */
type Read = (statement: CompiledQuery) => Promise<Record<string, unknown>[]>;

const TABLES = "select name from sqlite_master where type = 'table' and name not like 'sqlite!_%' escape '!'";

/** Returns about how many rows each table has, from the numbers of its first and last row: found without counting, and never too few. */
export async function estimateRows(read: Read): Promise<ReadonlyMap<string, number>> {
  const ask = async (text: string) => (await read(CompiledQuery.raw(text))) as { name: string; rows: number }[];
  const sizes = (await ask(TABLES)).map(
    ({ name }) =>
      `select '${name}' as name, coalesce((select max(rowid) from "${name}") - (select min(rowid) from "${name}") + 1, 0) as rows`,
  );
  return new Map(sizes.length > 0 ? (await ask(sizes.join(" union all "))).map(({ name, rows }) => [name, rows]) : []);
}

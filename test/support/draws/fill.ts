import { sql } from "kysely";
import type { Database } from "../../../src/entities/database.ts";
import { ofAnyTable } from "../../../src/entities/tables.ts";
import { MODELS, OWN_MODELS } from "../../../src/entities/index.ts";
import { newId } from "../../../src/entities/new-id.ts";
import { type ColumnShape, type ModelShape, shapeOf, tableOf } from "../../../src/entities/mapping/shape.ts";

/**
 * Rows of every model that clients can see, `count` of each: the n-th refers to, and is linked to, the n-th of the others; where there are fewer of those,
 * to one of them.
 */
export async function fillModels(database: Database, count: number | ((shape: ModelShape) => number)): Promise<void> {
  const shapes = inOrder(MODELS.filter((model) => !OWN_MODELS.has(model)).map((model) => shapeOf(model)));
  const ids = new Map<object, string[]>();
  const tables = new Set<string>();
  for (const shape of shapes) {
    const made = Array.from({ length: typeof count === "number" ? count : count(shape) }, newId);
    ids.set(shape.model, made);
    await insert(
      database,
      shape.table,
      made.map((id, n) => rowOf(shape, id, n, ids)),
    );
    tables.add(shape.table);
  }
  for (const shape of shapes) {
    for (const { through, column, target } of shape.many.values()) {
      if (!through || tables.has(through)) continue;
      tables.add(through);
      const others = ids.get(target())!;
      const owners = ids.get(shape.model)!.slice(0, others.length);
      const rows = owners.map((id, n) => ({ [column]: id, [`${tableOf(target())}_id`]: others[n] }));
      await insert(database, through, rows);
    }
  }
}

/** Rows in one statement: their values are its parameters, of which there may be some thirty thousand. */
const BATCH = 200;

/** Past MikroORM, which would look at each row as an object. */
async function insert(database: Database, table: string, rows: readonly object[]): Promise<void> {
  for (let n = 0; n < rows.length; n += BATCH)
    await ofAnyTable(database.rows)
      .insertInto(table)
      .values(rows.slice(n, n + BATCH))
      .execute();
}

function rowOf(shape: ModelShape, id: string, n: number, ids: ReadonlyMap<object, string[]>): object {
  const columns = [...shape.columns].filter(([name]) => name !== "id").map(([name, column]) => [name, value(column, n, id)]);
  const references = [...shape.one.values()].map(({ column, target }, place) => {
    const others = ids.get(target()) ?? [];
    // Each pair of the first and another one comes once.
    const round = place === 0 ? 0 : Math.floor(n / others.length);
    return [column, others[(n + round) % others.length] ?? null];
  });
  const hidden = shape.hidden.has("key_hash") ? { key_hash: id } : {};
  return { id, ...hidden, ...Object.fromEntries([...columns, ...references]) };
}

function value({ kind, choices }: ColumnShape, n: number, id: string): unknown {
  switch (kind) {
    case "boolean":
      return sql.lit(n % 2 === 0);
    case "choice":
      return [...choices!.values()][n % choices!.size];
    case "float":
    case "integer":
      return n;
    case "json":
      return "{}";
    case "timestamp":
      return new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toISOString();
    case "uuid":
      return id;
    default:
      return `x${n}`;
  }
}

/** Models after those that they refer to. */
function inOrder(shapes: readonly ModelShape[]): ModelShape[] {
  const sorted: ModelShape[] = [];
  const visit = (shape: ModelShape, above: readonly ModelShape[]) => {
    if (sorted.includes(shape) || above.includes(shape)) return;
    for (const { target } of shape.one.values()) visit(shapeOf(target()), [...above, shape]);
    sorted.push(shape);
  };
  for (const shape of shapes) visit(shape, []);
  return sorted.filter((shape) => shapes.includes(shape));
}

import type { Database } from "../../src/entities/database.ts";
import { JobHookDelivery, MODELS, Token } from "../../src/entities/index.ts";
import { newId } from "../../src/entities/new-id.ts";
import { type ColumnShape, type ModelShape, shapeOf, tableOf } from "../../src/entities/shape.ts";

/** Rows of every model that clients can see, `count` of each: the n-th refers to, and is linked to, the n-th of the others. */
export async function fillModels(database: Database, count: number): Promise<void> {
  const shapes = inOrder(MODELS.filter((model) => model !== Token && model !== JobHookDelivery).map((model) => shapeOf(model)));
  const ids = new Map<object, string[]>();
  const tables = new Set<string>();
  for (const shape of shapes) {
    const made = Array.from({ length: count }, newId);
    ids.set(shape.model, made);
    const em = database.fork();
    for (let n = 0; n < count; n++) em.create(shape.model as never, entity(shape, made[n]!, n, ids) as never, { partial: true });
    await em.flush();
    tables.add(shape.table);
  }
  for (const shape of shapes) {
    for (const { through, column, target } of shape.many.values()) {
      if (!through || tables.has(through)) continue;
      tables.add(through);
      const rows = ids.get(shape.model)!.map((id, n) => ({ [column]: id, [`${tableOf(target())}_id`]: ids.get(target())![n] }));
      for (let n = 0; n < rows.length; n += 500)
        await database.rows
          .insertInto(through)
          .values(rows.slice(n, n + 500))
          .execute();
    }
  }
}

function entity(shape: ModelShape, id: string, n: number, ids: ReadonlyMap<object, string[]>): object {
  const columns = [...shape.columns]
    .filter(([name]) => name !== "id")
    .map(([name, column]) => [camelCase(name), value(column, n, id)]);
  const references = [...shape.one.values()].map(({ property, target }) => [property, ids.get(target())?.[n] ?? null]);
  return { id, ...Object.fromEntries([...columns, ...references]) };
}

const camelCase = (name: string) => name.replace(/(?!^)_([a-z])/g, (_, letter: string) => letter.toUpperCase());

function value({ kind, choices }: ColumnShape, n: number, id: string): unknown {
  switch (kind) {
    case "boolean":
      return n % 2 === 0;
    case "choice":
      return choices![n % choices!.length];
    case "float":
    case "integer":
      return n;
    case "json":
      return {};
    case "timestamp":
      return new Date(Date.UTC(2026, 0, 1, 0, 0, n));
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

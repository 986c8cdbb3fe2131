import type { SqlEntityManager } from "@mikro-orm/sql";
import { uuidOf } from "../entities/mapping/scalars.ts";
import { shapeOf } from "../entities/mapping/shape.ts";

/** Returns the objects of a model by their names: ids in either case, or natural keys. The keys are the names as given. Unknown names are left out. */
export async function findNamed(
  em: SqlEntityManager,
  model: object,
  names: readonly string[],
): Promise<Map<string, { id: string }>> {
  const { naturalKey } = shapeOf(model);
  const ids = names.flatMap((name) => uuidOf(name) ?? []);
  const keys = names.filter((name) => uuidOf(name) === undefined);
  const where = naturalKey ? { $or: [{ id: ids }, { [naturalKey]: keys }] } : { id: ids };
  const objects = (await em.find(model as never, where as never)) as ({ id: string } & Record<string, unknown>)[];
  const byKey = new Map(
    objects.flatMap((object) => [object.id, ...(naturalKey ? [object[naturalKey]] : [])].map((key) => [key, object])),
  );
  return new Map(
    names.flatMap((name) => {
      const object = byKey.get(uuidOf(name) ?? name);
      return object ? [[name, object] as const] : [];
    }),
  );
}

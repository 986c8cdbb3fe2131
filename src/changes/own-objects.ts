import { contentTypeLabel } from "../entities/content-types.ts";
import type { Database } from "../entities/database.ts";
import { MODELS } from "../entities/index.ts";
import type { Snapshot } from "../entities/object-change.ts";
import { isUuid } from "../entities/scalars.ts";
import { shapeOf } from "../entities/shape.ts";
import { readSnapshots } from "./snapshot.ts";

const BY_LABEL = new Map(MODELS.map((model) => [contentTypeLabel(model), model]));

/** True for a kind of objects that this server keeps itself. */
export function isOwnType(label: string): boolean {
  return BY_LABEL.has(label);
}

/** One of our own objects as the change log would have it; undefined when there is none. */
export async function readOwnObject(database: Database, label: string, id: string): Promise<Snapshot | undefined> {
  if (!isUuid(id)) return undefined;
  return (await readSnapshots(database, database.fork(), shapeOf(BY_LABEL.get(label)!), [id])).get(id);
}

import { contentTypeLabel } from "../entities/content-types.ts";
import type { Database } from "../entities/database.ts";
import { MODELS } from "../entities/index.ts";
import type { Snapshot } from "../entities/models/object-change.ts";
import { uuidOf } from "../entities/mapping/scalars.ts";
import { shapeOf } from "../entities/mapping/shape.ts";
import { findNamed } from "./find-named.ts";
import { readSnapshots } from "./snapshot.ts";

const BY_LABEL = new Map(MODELS.map((model) => [contentTypeLabel(model), model]));

/** True for a kind of objects that this server keeps itself. */
export function isOwnType(label: string): boolean {
  return BY_LABEL.has(label);
}

/** Our own objects of a kind as the change log would have them, by id. */
export function readOwnObjects(database: Database, label: string, ids: readonly string[]): Promise<Map<string, Snapshot>> {
  return readSnapshots(
    database,
    database.fork(),
    shapeOf(BY_LABEL.get(label)!),
    ids.flatMap((id) => uuidOf(id) ?? []),
  );
}

/** Returns ids of the server's own objects of a kind by their names, an id or a natural key. Unknown names are left out. */
export async function findOwnObjects(database: Database, label: string, names: readonly string[]): Promise<Map<string, string>> {
  const found = await findNamed(database.fork(), BY_LABEL.get(label)!, names);
  return new Map([...found].map(([name, { id }]) => [name, id]));
}

import { mayOnWhich, type Rights } from "../access/rights.ts";
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

/** Our own objects of a kind as the change log would have them, by id; without those that the user may not view. */
export async function readOwnObjects(
  database: Database,
  rights: Rights,
  label: string,
  ids: readonly string[],
): Promise<Map<string, Snapshot>> {
  const model = BY_LABEL.get(label)!;
  const stored = ids.flatMap((id) => uuidOf(id) ?? []);
  const visible = await mayOnWhich(database, rights, "view", model, stored);
  return readSnapshots(database, database.fork(), shapeOf(model), [...visible]);
}

/**
 * Returns ids of the server's own objects of a kind by their names, an id or a natural key. Names of objects that the user may not view are left out, as unknown
 * names are.
 */
export async function findOwnObjects(
  database: Database,
  rights: Rights,
  label: string,
  names: readonly string[],
): Promise<Map<string, string>> {
  const model = BY_LABEL.get(label)!;
  const found = [...(await findNamed(database.fork(), model, names))].map(([name, { id }]) => [name, id] as const);
  const ids = found.map(([, id]) => id);
  const visible = await mayOnWhich(database, rights, "view", model, ids);
  return new Map(found.filter(([, id]) => visible.has(id)));
}

import type { Database } from "./database.ts";
import { ContentType, Group, MODELS, ObjectPermission, OWN_MODELS, Token, User } from "./index.ts";
import { newId } from "./new-id.ts";

/** Models that Nautobot does not keep in `extras`. */
const APP_LABELS = new Map<object, string>([
  [ContentType, "contenttypes"],
  [Group, "auth"],
  [ObjectPermission, "users"],
  [Token, "users"],
  [User, "users"],
]);

/** Name of a model's content type, `extras.jobresult`, as Nautobot's clients spell it. */
export function contentTypeLabel(model: { name: string }): string {
  return `${APP_LABELS.get(model) ?? "extras"}.${model.name.toLowerCase()}`;
}

/** Makes sure that our models, as far as clients see them, have their content types, and `others`: labels of other applications' models, like `dcim.device`. */
export async function ensureContentTypes(database: Database, others: readonly string[] = []): Promise<void> {
  const ours = MODELS.filter((model) => !OWN_MODELS.has(model));
  const labels = new Set([...ours.map(contentTypeLabel), ...others]);
  const types = [...labels].map((label) => {
    const dot = label.indexOf(".");
    return { id: newId(), app_label: label.slice(0, dot), model: label.slice(dot + 1), label };
  });
  await database.rows
    .insertInto("content_type")
    .values(types)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

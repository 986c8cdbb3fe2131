import type { SqlEntityManager } from "@mikro-orm/sql";
import { statementsOf } from "../entities/database.ts";
import { ContentType } from "../entities/index.ts";
import { newId } from "../entities/new-id.ts";

/** Format of a content type: application and model, in lower case, each as long as its column. */
const LABEL = /^[a-z][a-z0-9_]{0,99}\.[a-z][a-z0-9_]{0,99}$/;

/** True if a text can name a content type, e.g. `dcim.device`. */
export function isContentTypeLabel(text: string): boolean {
  return LABEL.test(text);
}

/** Kinds of objects by their labels; one that is not known yet, of another application, is from now on. */
export async function contentTypesOf(em: SqlEntityManager, labels: readonly string[]): Promise<ContentType[]> {
  const known = await em.find(ContentType, { label: [...labels] });
  // In one order for all, or two transactions with the same labels would each wait for the other's.
  const missing = labels.filter((label) => !known.some((type) => type.label === label)).toSorted();
  if (missing.length === 0) return labels.map((label) => known.find((type) => type.label === label)!);
  await statementsOf(em)
    .insertInto("content_type")
    .values(
      missing.map((label) => {
        const [app_label, model] = label.split(".") as [string, string];
        return { id: newId(), app_label, model, label };
      }),
    )
    // Names no key: a content type has two, and a concurrent insert may conflict on either.
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return contentTypesOf(em, labels);
}

import type { Collection } from "@mikro-orm/core";
import type { Tag } from "../../entities/index.ts";
import type { ErrorDetail } from "../../errors.ts";

/** Rules of Tag. */
export const tagRules = {
  check: ({ color }: Tag): ErrorDetail[] =>
    /^[0-9a-f]{6}$/.test(color)
      ? []
      : [{ field: "data.color", message: "A color is six hexadecimal digits in lower case, e.g. `9e9e9e`." }],
};

/** Returns the errors of tags that may not be on objects of a kind. A tag without kinds is for all. */
export async function tagsMayBeOn({ tags }: { tags: Collection<Tag> }, label: string): Promise<ErrorDetail[]> {
  if (!tags.isDirty()) return [];
  const details: ErrorDetail[] = [];
  for (const tag of tags.getItems()) {
    await tag.contentTypes.loadItems();
    const labels = tag.contentTypes.getItems().map((type) => type.label);
    if (labels.length > 0 && !labels.includes(label))
      details.push({ field: "data.tags", message: `The tag "${tag.name}" is not for objects of the kind ${label}.` });
  }
  return details;
}

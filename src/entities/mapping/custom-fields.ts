import { Column } from "./model.ts";

/** The column for the custom fields that a site adds to a model's objects. Its property begins with `_`, as Nautobot's field does. */
export function CustomFields(): PropertyDecorator {
  return Column("json", {
    description: "Values of custom fields, by name.",
    nullable: true,
    default: () => ({}),
  });
}

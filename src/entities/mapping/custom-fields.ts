import { Column } from "./model.ts";

/** The column of what a site adds to a model's objects. A property of this begins with `_`, as Nautobot's field does. */
export function CustomFields(): PropertyDecorator {
  return Column("json", {
    description: "Values of custom fields, by name.",
    nullable: true,
    default: () => ({}),
  });
}

import { isDeepStrictEqual } from "node:util";
import type { Collection } from "@mikro-orm/core";
import { snakeCase } from "../entities/case.ts";
import { ContentType } from "../entities/index.ts";
import { isUuid } from "../entities/scalars.ts";
import { type ColumnShape, type ManyShape, type ModelShape, type OneShape, shapeOf } from "../entities/shape.ts";
import type { ErrorDetail } from "../errors.ts";
import { contentTypesOf, isContentTypeLabel } from "./content-types.ts";
import { CustomFieldValues } from "./custom-fields.ts";
import type { Unit } from "./unit.ts";

/** Values for an object by property; what refers to others names them, by id or by natural key. */
export type Data = Readonly<Record<string, unknown>>;

/**
 * Puts values into an object, new or held, as far as they fit.
 * @returns what does not fit, named as the client wrote it.
 */
export async function assign(unit: Unit, shape: ModelShape, object: object, data: Data): Promise<ErrorDetail[]> {
  const details: ErrorDetail[] = [];
  for (const [property, value] of Object.entries(data)) {
    const name = snakeCase(property);
    const message = await assignOne(unit, shape, object as Record<string, unknown>, property, value);
    if (message !== undefined) details.push({ field: `data.${name}`, message });
  }
  return [...details, ...(await duplicates(unit, shape, object, data))];
}

async function assignOne(
  unit: Unit,
  shape: ModelShape,
  object: Record<string, unknown>,
  property: string,
  value: unknown,
): Promise<string | undefined> {
  const name = snakeCase(property);
  const column = shape.columns.get(name);
  if (column) {
    const wanted = value instanceof CustomFieldValues ? value.over(object[property]) : value;
    const message = unfit(shape, name, column, wanted);
    // JSON with its keys in another order is the same; assigned, it would move `last_updated`.
    if (message === undefined && !isDeepStrictEqual(object[property], wanted)) object[property] = wanted;
    return message;
  }
  const one = shape.one.get(name);
  if (one) return refer(unit, one, object, value);
  return link(unit, shape.many.get(name)!, object, value);
}

function unfit(shape: ModelShape, name: string, column: ColumnShape, value: unknown): string | undefined {
  if (value === null) return column.nullable ? undefined : "This field cannot be null.";
  if (name === "_custom_field_data" && (typeof value !== "object" || Array.isArray(value))) return "This field is an object.";
  if (typeof value !== "string") return undefined;
  if (shape.naturalKey === name && value.trim() === "") return "This field cannot be blank.";
  const { length = Infinity } = column;
  return [...value].length > length ? `This field has at most ${length} characters.` : undefined;
}

async function refer(
  unit: Unit,
  { property, target, nullable }: OneShape,
  object: Record<string, unknown>,
  value: unknown,
): Promise<string | undefined> {
  if (value === null && !nullable) return "This field cannot be null.";
  if (value === null) object[property] = null;
  else {
    const found = await find(unit, target(), [value as string]);
    if (found.missing.length > 0) return `There is no object ${quote(found.missing)}.`;
    object[property] = found.objects[0];
  }
  return undefined;
}

async function link(
  unit: Unit,
  { property, target }: ManyShape,
  object: Record<string, unknown>,
  value: unknown,
): Promise<string | undefined> {
  const found = await find(unit, target(), (value ?? []) as string[]);
  if (found.missing.length > 0) return `There is no object ${quote(found.missing)}.`;
  const links = object[property] as Collection<object>;
  if (!links.isInitialized()) await links.init();
  links.set(found.objects);
  return undefined;
}

const quote = (names: readonly string[]) => names.map((name) => JSON.stringify(name)).join(", ");

/** The objects that values name, by id or by natural key. A kind of object of another application is known once it is named. */
export async function find(
  unit: Unit,
  model: object,
  values: readonly string[],
): Promise<{ objects: object[]; missing: string[] }> {
  const wanted = [...new Set(values)];
  if (model === ContentType) {
    const labels = wanted.filter(isContentTypeLabel);
    if (labels.length > 0) await contentTypesOf(unit.em, labels);
  }
  const { naturalKey = "id" } = shapeOf(model);
  const ids = wanted.filter(isUuid).map((id) => id.toLowerCase());
  const named = { [naturalKey]: wanted.filter((value) => naturalKey !== "id" && !isUuid(value)) };
  const objects = (await unit.em.find(model as never, { $or: [{ id: ids }, named] } as never)) as Record<string, unknown>[];
  const missing = wanted.filter(
    (value) => !objects.some((object) => object["id"] === value.toLowerCase() || object[naturalKey] === value),
  );
  return { objects, missing };
}

async function duplicates(unit: Unit, shape: ModelShape, object: object, data: Data): Promise<ErrorDetail[]> {
  const { id } = object as { id: string };
  const details: ErrorDetail[] = [];
  for (const [name, { unique, property }] of shape.columns) {
    if (!unique || !(property in data)) continue;
    const where = { [property]: data[property], id: { $ne: id } };
    if ((await unit.em.count(shape.model as never, where as never)) > 0)
      details.push({ field: `data.${name}`, message: `${JSON.stringify(data[property])} is taken already.` });
  }
  return details;
}

import { isDeepStrictEqual } from "node:util";
import type { Collection } from "@mikro-orm/core";
import { snakeCase } from "../entities/mapping/case.ts";
import { statementsOf } from "../entities/database.ts";
import { ofAnyTable } from "../entities/tables.ts";
import { ContentType } from "../entities/index.ts";
import { type ColumnShape, type ManyShape, type ModelShape, type OneShape } from "../entities/mapping/shape.ts";
import type { ErrorDetail } from "../errors.ts";
import { contentTypesOf, isContentTypeLabel } from "./content-types.ts";
import { findNamed } from "./find-named.ts";
import { CustomFieldValues } from "./custom-fields.ts";
import type { Identified, Model, Unit } from "./unit.ts";

/** Values for an object by property. A reference is given by the id or the natural key of its object; by the object itself where no client has named it. */
export type Data = Readonly<Record<string, unknown>>;

/** Puts values into an object, new or held, as far as they fit. @returns errors of the others, named as the client wrote them. */
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
    // Rules see an invalid value too, so that the client gets all errors at once. The unit then rolls back.
    if (wanted !== null || column.nullable) put(object, property, wanted);
    // An explicit value wins over the automatic switch that follows the job's file.
    if (property === "enabled" && object["offWithJob"]) object["offWithJob"] = null;
    return message;
  }
  const one = shape.one.get(name);
  if (one) return refer(unit, one, object, value);
  return link(unit, shape.many.get(name)!, object, value);
}

/** Sets a value where it is another one: the same JSON in another order, as PostgreSQL gives it back, would count as a change. */
export function put(object: object, property: string, value: unknown): void {
  const values = object as Record<string, unknown>;
  if (!isDeepStrictEqual(values[property], value)) values[property] = value;
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
  if (value === null || typeof value === "object") object[property] = value;
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
  const links = object[property] as Collection<object>;
  // Loads ids only: PostgreSQL spells whole rows of the table between in its own way, and MikroORM takes them for changed.
  if (!links.isInitialized()) await links.init({ ref: true });
  const found = await find(unit, target(), (value ?? []) as string[]);
  if (found.missing.length > 0) return `There is no object ${quote(found.missing)}.`;
  // The author has listed all that there are to see, and takes nothing away unseen.
  const before = links.getItems(false) as Identified[];
  const ids = before.map(({ id }) => id);
  const visible = await unit.may("view", target() as Model<Identified>, ids);
  links.set([...found.objects, ...before.filter(({ id }) => !visible.has(id))]);
  return undefined;
}

const quote = (names: readonly string[]) => names.map((name) => JSON.stringify(name)).join(", ");

/** The objects that values name, by id or by natural key, and that the author may view: others are missing. A kind of object of another application is known once it is named. */
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
  const named = await findNamed(unit.em, model, wanted);
  const ids = [...named.values()].map(({ id }) => id);
  const visible = await unit.may("view", model as Model<Identified>, ids);
  const found = new Map([...named].filter(([, { id }]) => visible.has(id)));
  return { objects: [...new Set(found.values())], missing: wanted.filter((name) => !found.has(name)) };
}

async function duplicates(unit: Unit, shape: ModelShape, object: object, data: Data): Promise<ErrorDetail[]> {
  const details: ErrorDetail[] = [];
  for (const [name, { unique, property }] of shape.columns) {
    if (unique && property in data && (await isTaken(unit, shape, name, object, data[property])))
      details.push({ field: `data.${name}`, message: `${JSON.stringify(data[property])} is taken already.` });
  }
  for (const group of shape.unique) {
    if (group.some((name) => propertyOf(shape, name) in data) && (await isTakenTogether(unit, shape, group, object)))
      details.push({ field: `data.${group.at(-1)!}`, message: `There is one already with the same ${group.join(" and ")}.` });
  }
  return details;
}

const propertyOf = ({ columns, one }: ModelShape, name: string) => (columns.get(name) ?? one.get(name)!).property;

/** Returns whether another stored object has the same values in a group of columns. Null is equal to nothing. */
async function isTakenTogether(unit: Unit, shape: ModelShape, group: readonly string[], object: object): Promise<boolean> {
  let found = ofAnyTable(statementsOf(unit.em))
    .selectFrom(shape.table)
    .select("id")
    .where("id", "!=", (object as Identified).id);
  for (const name of group) {
    const value = (object as Record<string, unknown>)[propertyOf(shape, name)] as Identified | null | undefined;
    const wanted = shape.one.has(name) ? value?.id : value;
    if (wanted === null || wanted === undefined) return false;
    found = found.where(shape.one.get(name)?.column ?? name, "=", wanted);
  }
  return (await found.executeTakeFirst()) !== undefined;
}

/** Returns whether another object has a value, stored or as this unit will leave it. */
export async function isTaken(unit: Unit, shape: ModelShape, column: string, object: object, value: unknown): Promise<boolean> {
  const { property } = shape.columns.get(column)!;
  const held = unit.held(shape.model as Model<Identified>) as (Identified & Record<string, unknown>)[];
  if (held.some((other) => other !== object && other[property] === value)) return true;
  const rows = ofAnyTable(statementsOf(unit.em));
  const stored = await rows.selectFrom(shape.table).select("id").where(column, "=", value).execute();
  return stored.some(({ id }: Identified) => !held.some((known) => known.id === id));
}

import { statementsOf } from "../entities/database.ts";
import { ofAnyTable } from "../entities/tables.ts";
import { uuidOf } from "../entities/mapping/scalars.ts";
import { type ModelShape, shapeOf, tableOf } from "../entities/mapping/shape.ts";
import { AppError, type ErrorDetail, fieldError } from "../errors.ts";
import { assign, type Data } from "./assign.ts";
import { holdVisible, permit, permitNew } from "./permit.ts";
import { rulesOf, wrongWith } from "./rules/index.ts";
import type { Identified, Model, Unit } from "./unit.ts";

/**
 * @param id the new object's; one of its own when absent.
 * @throws {@link AppError} FORBIDDEN for an author who may not add it; BAD_USER_INPUT that names every field that does not fit.
 */
export async function createObject<T extends Identified>(unit: Unit, model: Model<T>, data: Data, id?: string): Promise<T> {
  const object = unit.create(model, id === undefined ? {} : { id });
  permitNew(unit, model, object);
  await change(unit, shapeOf(model), object, data);
  return object;
}

/**
 * Changes an object; fields that are not given stay.
 * @param unmodifiedSince the `last_updated` that the client has seen.
 * @throws {@link AppError} NOT_FOUND; FORBIDDEN for an author who may not change it; CONFLICT when the object has changed since; BAD_USER_INPUT.
 */
export async function updateObject<T extends Identified>(
  unit: Unit,
  model: Model<T>,
  id: string,
  data: Data,
  unmodifiedSince?: Date,
): Promise<T> {
  const object = await holdOne(unit, model, byId(id), `id "${id}"`, unmodifiedSince);
  await permit(unit, "change", model, [object]);
  await change(unit, shapeOf(model), object, data);
  return object;
}

/** Changes an object that the unit holds, and that its author may change; fields that are not given stay. @throws {@link AppError} BAD_USER_INPUT. */
export async function changeObject<T extends Identified>(unit: Unit, model: Model<T>, object: T, data: Data): Promise<void> {
  await change(unit, shapeOf(model), object, data);
}

/** @throws {@link AppError} NOT_FOUND, FORBIDDEN, CONFLICT, or BAD_USER_INPUT that says why the object must stay. */
export async function deleteObject<T extends Identified>(
  unit: Unit,
  model: Model<T>,
  id: string,
  unmodifiedSince?: Date,
): Promise<T> {
  const object = await holdOne(unit, model, byId(id), `id "${id}"`, unmodifiedSince);
  await permit(unit, "delete", model, [object]);
  refuse(await rulesOf(model).mayDelete?.(object, unit));
  await holdLinked(unit, shapeOf(model), object);
  unit.delete(object);
  return object;
}

/** Holds the objects that keep links to one that goes: they lose them, and so they change. */
async function holdLinked(unit: Unit, shape: ModelShape, { id }: Identified): Promise<void> {
  const rows = ofAnyTable(statementsOf(unit.em));
  for (const { through, column, target, isKeeper } of shape.many.values()) {
    if (!through || isKeeper) continue;
    const keeper = `${tableOf(target())}_id`;
    const linked = await rows.selectFrom(through).select(keeper).where(column, "=", id).execute();
    await unit.hold(target() as Model<Identified>, { id: linked.map((row: Record<string, unknown>) => row[keeper]) });
  }
}

/** Ids are stored in lower case. */
function byId(id: string): object {
  return { id: uuidOf(id) ?? [] };
}

/** Returns an object that the author may view, held. @throws {@link AppError} NOT_FOUND, or CONFLICT when it has changed since. */
export async function holdOne<T extends Identified>(
  unit: Unit,
  model: Model<T>,
  where: object,
  words: string,
  unmodifiedSince?: Date,
): Promise<T> {
  const [object] = await holdVisible(unit, model, where);
  if (!object) throw new AppError("NOT_FOUND", `There is no ${wordsOf(model)} with ${words}.`);
  const { dateChanged, lastUpdated = dateChanged } = object as { lastUpdated?: Date | null; dateChanged?: Date };
  if (unmodifiedSince && lastUpdated && lastUpdated.getTime() !== unmodifiedSince.getTime()) {
    const message = `The ${wordsOf(model)} has changed since: it was last updated at ${lastUpdated.toISOString()}. Read it again, and repeat the change.`;
    throw fieldError("CONFLICT", "if_unmodified_since", message);
  }
  return object;
}

async function change(unit: Unit, shape: ModelShape, object: Identified, data: Data): Promise<void> {
  const unfit = await assign(unit, shape, object, data);
  refuse(await wrongWith(object, shape.model, unfit, unit));
}

/** @throws {@link AppError} BAD_USER_INPUT with these details, if there are any. */
export function refuse(details: readonly ErrorDetail[] | undefined): void {
  if (!details?.length) return;
  throw new AppError("BAD_USER_INPUT", details.map(({ field, message }) => `${field}: ${message}`).join(" "), details);
}

/** `JobHook` → `job hook`. */
function wordsOf(model: { name: string }): string {
  return model.name.replaceAll(/(?!^)[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();
}

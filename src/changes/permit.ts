import { type Action, lacks, mustHave } from "../access/rights.ts";
import { rulesOf } from "./rules/index.ts";
import type { Identified, Model, Unit } from "./unit.ts";

/*
 * The rights of an author, object by object, within the transaction of the change. An object that the author may not view is not there. Objects that change
 * with another one, as its rules have it, need no right of their own.
 */

/** Holds those of some objects that the author may view. Nobody waits for, or is kept waiting by, the others: they are read as if they were missing. */
export async function holdVisible<T extends Identified>(unit: Unit, model: Model<T>, where: object): Promise<T[]> {
  if (!unit.author.rights.restrict("view", model)) return unit.hold(model, where);
  const objects: T[] = await unit.em.find(model, where as never, { disableIdentityMap: true });
  const ids = objects.map(({ id }) => id);
  const seen = await unit.may("view", model, ids);
  const visible = objects.filter((object) => seen.has(object.id) || isOwn(unit, model, object, "view"));
  return visible.length > 0 ? unit.hold(model, { id: visible.map(({ id }) => id) }) : [];
}

/**
 * Throws unless the author may act so on each of these objects, held: before the change, and of a `change` also after it.
 * @throws {@link AppError} FORBIDDEN that names the right.
 */
export async function permit<T extends Identified>(
  unit: Unit,
  action: Action,
  model: Model<T>,
  objects: readonly T[],
): Promise<void> {
  if (!unit.author.rights.restrict(action, model)) return;
  const foreign = objects.filter((object) => !isOwn(unit, model, object, action));
  if (foreign.length === 0) return;
  const ids = foreign.map(({ id }) => id);
  const allowed = await unit.may(action, model, ids);
  if (ids.some((id) => !allowed.has(id))) throw lacks(action, model);
  if (action === "change") for (const id of ids) unit.owe(action, model, id);
}

/** Throws unless the author may add an object as the unit leaves it. @throws {@link AppError} FORBIDDEN that names the right, at once for an author without. */
export function permitNew(unit: Unit, model: Model<Identified>, object: Identified): void {
  mustHave(unit.author.rights, "add", model);
  unit.owe("add", model, object.id);
}

function isOwn(unit: Unit, model: Model<Identified>, object: Identified, action: Action): boolean {
  return rulesOf(model).isOwn?.(object, unit.author, action) ?? false;
}

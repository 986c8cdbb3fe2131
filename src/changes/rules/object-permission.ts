import { ACTIONS } from "../../access/rights.ts";
import { rowConstraintErrors } from "../../entities/constraint-sql.ts";
import { contentTypeLabel } from "../../entities/content-types.ts";
import { MODELS, type ObjectPermission } from "../../entities/index.ts";
import type { Snapshot } from "../../entities/models/object-change.ts";
import type { ErrorDetail } from "../../errors.ts";
import type { Unit } from "../unit.ts";
import { type HandedOut, mustHaveAll } from "./hand-out.ts";

/** Rules of ObjectPermission. Nobody hands out more than they may do themselves. */
export const objectPermissionRules = {
  async check(permission: ObjectPermission, unit: Unit): Promise<ErrorDetail[]> {
    await permission.objectTypes.loadItems();
    const labels = permission.objectTypes.getItems().map(({ label }) => label);
    const actions = listOf(permission.actions);
    const before = unit.before(permission);
    const stored = before && storedGrant(before);
    if (stored) mustHaveAll(unit.author, "change", [stored]);
    mustHaveAll(unit.author, "give", [{ actions, labels }]);
    return [
      ...wrongActions(permission.actions),
      ...wrongTypes(labels, stored?.labels ?? []),
      ...wrongConstraints(permission.constraints, labels),
    ];
  },

  mayDelete(permission: ObjectPermission, unit: Unit): ErrorDetail[] {
    mustHaveAll(unit.author, "delete", [storedGrant(unit.before(permission)!)]);
    return [];
  },
};

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

function storedGrant(before: Snapshot): HandedOut {
  const types = listOf(before["object_types"]) as { name?: string }[];
  return { actions: listOf(before["actions"]), labels: types.flatMap(({ name }) => name ?? []) };
}

function wrongActions(actions: unknown): ErrorDetail[] {
  const given = listOf(actions);
  const unknown = given.filter((one) => !(ACTIONS as readonly unknown[]).includes(one));
  const field = "data.actions";
  if (given.length === 0) return [{ field, message: `Name at least one action, of ${ACTIONS.join(", ")}.` }];
  return unknown.map((one) => ({
    field,
    message: `There is no action ${JSON.stringify(one)}: actions are ${ACTIONS.join(", ")}.`,
  }));
}

const KINDS = new Map(MODELS.map((model) => [contentTypeLabel(model), model]));

/** Kinds that the permission had before stay, so that one of another version can be renamed or turned off. */
function wrongTypes(labels: readonly string[], stored: readonly string[]): ErrorDetail[] {
  const field = "data.object_types";
  if (labels.length === 0) return [{ field, message: "Name at least one kind of objects, e.g. `extras.job`." }];
  return labels
    .filter((label) => !KINDS.has(label) && !stored.includes(label))
    .map((label) => ({
      field,
      message: `This server has no objects of the kind ${label}, so that nobody needs permissions for them.`,
    }));
}

function wrongConstraints(constraints: unknown, labels: readonly string[]): ErrorDetail[] {
  if ((constraints ?? null) === null) return [];
  return labels.flatMap((label) => {
    const model = KINDS.get(label);
    const messages = model ? rowConstraintErrors(model, constraints) : [];
    return messages.map((message) => ({ field: "data.constraints", message: `${label}: ${message}` }));
  });
}

import { ApprovalWorkflowStageDefinition, type Group, ObjectPermission } from "../../entities/index.ts";
import type { ErrorDetail } from "../../errors.ts";
import { wrongLimits } from "../../own-limits.ts";
import type { Unit } from "../unit.ts";
import { type HandedOut, mustHaveAll } from "./hand-out.ts";

/** Rules of Group. Its users have its permissions, its limits, and may be the approvers of requests. */
export const groupRules = {
  async check(group: Group, unit: Unit): Promise<ErrorDetail[]> {
    if (!unit.author.rights.isSuperuser && hasNewMembers(group, unit))
      mustHaveAll(unit.author, "give", await permissionsOf(unit, group));
    return wrongLimits(group).map(({ column, message }) => ({ field: `data.${column}`, message }));
  },

  async mayDelete(group: Group, unit: Unit): Promise<ErrorDetail[]> {
    const stages: ApprovalWorkflowStageDefinition[] = await unit.em.find(
      ApprovalWorkflowStageDefinition,
      { approverGroup: group },
      { populate: ["approvalWorkflowDefinition"], orderBy: { name: "asc" } },
    );
    return stages.map(({ name, approvalWorkflowDefinition }) => ({
      field: "id",
      message: `It approves the stage "${name}" of "${approvalWorkflowDefinition.name}": give that another group first.`,
    }));
  },
};

function hasNewMembers(group: Group, unit: Unit): boolean {
  if (!group.users.isDirty()) return false;
  const before = (unit.before(group)?.["users"] ?? []) as { id: string }[];
  const known = new Set(before.map(({ id }) => id));
  return group.users.getItems(false).some(({ id }) => !known.has(id));
}

async function permissionsOf({ em }: Unit, group: Group): Promise<HandedOut[]> {
  const permissions: ObjectPermission[] = await em.find(ObjectPermission, { groups: group }, { populate: ["objectTypes"] });
  return permissions.map(({ actions, objectTypes }) => ({ actions, labels: objectTypes.getItems().map(({ label }) => label) }));
}

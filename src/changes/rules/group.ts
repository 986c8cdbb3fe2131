import { ApprovalWorkflowStageDefinition, type Group } from "../../entities/index.ts";
import type { ErrorDetail } from "../../errors.ts";
import type { Unit } from "../unit.ts";
import { onlySuperusers } from "./superuser.ts";

/** Rules of Group. Its users may be the approvers of requests. */
export const groupRules = {
  async check(_group: Group, unit: Unit): Promise<ErrorDetail[]> {
    await onlySuperusers(unit, "change groups");
    return [];
  },

  async mayDelete(group: Group, unit: Unit): Promise<ErrorDetail[]> {
    await onlySuperusers(unit, "delete groups");
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

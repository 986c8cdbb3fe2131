import { constraintErrors } from "../../entities/constraints.ts";
import { contentTypeLabel } from "../../entities/content-types.ts";
import {
  ApprovalWorkflow,
  type ApprovalWorkflowDefinition,
  ApprovalWorkflowStage,
  ApprovalWorkflowStageDefinition,
  ScheduledJob,
} from "../../entities/index.ts";
import type { ErrorDetail } from "../../errors.ts";
import type { Unit } from "../unit.ts";
import { tagsMayBeOn } from "./tag.ts";

/** The kind of objects that can be approved. */
const REVIEWED = contentTypeLabel(ScheduledJob);

/** The name that a requester gives a schedule; nothing of the run follows from it. */
const WORDS = /^(name|description)(__|$)/;

/** Rules of ApprovalWorkflowDefinition. */
export const approvalWorkflowDefinitionRules = {
  async check(definition: ApprovalWorkflowDefinition, unit: Unit): Promise<ErrorDetail[]> {
    await unit.em.populate(definition, ["modelContentType"]);
    const { modelContentType, modelConstraints } = definition;
    const details: ErrorDetail[] = [];
    if (modelContentType && modelContentType.label !== REVIEWED)
      details.push({ field: "data.model_content_type", message: `Only objects of the kind ${REVIEWED} can be approved.` });
    const isObject = modelConstraints === null || (typeof modelConstraints === "object" && !Array.isArray(modelConstraints));
    const wrong = isObject ? constraintErrors(ScheduledJob, modelConstraints ?? {}) : ["Constraints are an object."];
    for (const name of Object.keys(isObject ? (modelConstraints ?? {}) : {}))
      if (WORDS.test(name))
        wrong.push(`${JSON.stringify(name)}: the requester chooses these words, and could step out: say which job, as \`task\`.`);
    details.push(...wrong.map((message) => ({ field: "data.model_constraints", message })));
    return [...details, ...(await tagsMayBeOn(definition, "extras.approvalworkflowdefinition"))];
  },

  async mayDelete(definition: ApprovalWorkflowDefinition, unit: Unit): Promise<ErrorDetail[]> {
    const open = await unit.em.count(ApprovalWorkflow, { approvalWorkflowDefinition: definition, currentState: "PENDING" });
    if (open > 0) return [{ field: "id", message: waiting(open) }];
    for (const stage of await unit.hold(ApprovalWorkflowStageDefinition, { approvalWorkflowDefinition: definition })) {
      unit.because(stage, `deleted with "${definition.name}"`);
      unit.delete(stage);
    }
    return [];
  },
};

/** Rules of ApprovalWorkflowStageDefinition. Workflows that go on keep the stages, and the numbers, that they began with. */
export const approvalWorkflowStageDefinitionRules = {
  check({ sequence, name, minApprovers }: ApprovalWorkflowStageDefinition): ErrorDetail[] {
    const details: ErrorDetail[] = [];
    if (name.trim() === "") details.push({ field: "data.name", message: "This field cannot be blank." });
    if (sequence < 0) details.push({ field: "data.sequence", message: "sequence must be 0 or more." });
    if (minApprovers < 1) details.push({ field: "data.min_approvers", message: "min_approvers must be 1 or more." });
    return details;
  },

  async mayDelete(stage: ApprovalWorkflowStageDefinition, unit: Unit): Promise<ErrorDetail[]> {
    const open = await unit.em.count(ApprovalWorkflowStage, { approvalWorkflowStageDefinition: stage, state: "PENDING" });
    return open > 0 ? [{ field: "id", message: waiting(open) }] : [];
  },
};

const waiting = (count: number) =>
  `${count} ${count === 1 ? "request waits" : "requests wait"} for an approval that follows it: have them decided on, or taken back, first.`;

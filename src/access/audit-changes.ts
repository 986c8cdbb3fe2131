import { contentTypeLabel } from "../entities/content-types.ts";
import {
  ApprovalWorkflow,
  ApprovalWorkflowDefinition,
  ApprovalWorkflowStage,
  ApprovalWorkflowStageDefinition,
  ApprovalWorkflowStageResponse,
  Group,
  type ObjectChange,
  ObjectPermission,
  ScheduledJob,
  Token,
  User,
} from "../entities/index.ts";
import type { Audit } from "./audit.ts";

/** Kinds of objects that decide who may do what. */
const AUDITED: ReadonlySet<string> = new Set(
  [
    User,
    Group,
    ObjectPermission,
    Token,
    ApprovalWorkflow,
    ApprovalWorkflowDefinition,
    ApprovalWorkflowStage,
    ApprovalWorkflowStageDefinition,
    ApprovalWorkflowStageResponse,
  ].map(contentTypeLabel),
);

const SCHEDULES = contentTypeLabel(ScheduledJob);

/** Adds a line to the audit for each change of users, groups, permissions, keys and approvals. The change log has their values. */
export function auditChanges(audit: Audit, changes: readonly ObjectChange[]): void {
  for (const change of changes) {
    const { changedObjectType, changedObjectId: of, action, objectRepr: name, requestId, userName: user } = change;
    const facts = { user, of, object_type: changedObjectType.label, name, request_id: requestId };
    const state = decisionOf(change);
    if (AUDITED.has(changedObjectType.label)) audit({ event: "object_changed", action, ...facts });
    else if (state !== undefined) audit({ event: "request_decided", state, ...facts });
  }
}

/** Returns the new state of a schedule on which somebody has decided; undefined for any other change. */
function decisionOf({ changedObjectType, prechange, objectDataV2 }: ObjectChange): string | undefined {
  if (changedObjectType.label !== SCHEDULES) return undefined;
  const [before, after] = [prechange, objectDataV2] as (Record<string, unknown> | null)[];
  const isDecided = typeof after?.["decision_date"] === "string" && before?.["decision_date"] !== after["decision_date"];
  return isDecided ? String(after["state"]) : undefined;
}

import type { Action } from "../../access/rights.ts";
import {
  ApprovalWorkflowDefinition,
  ApprovalWorkflowStageDefinition,
  Group,
  Job,
  JobButton,
  JobHook,
  JobQueue,
  Note,
  ObjectPermission,
  ScheduledJob,
  Tag,
  Token,
  User,
} from "../../entities/index.ts";
import type { ErrorDetail } from "../../errors.ts";
import type { Author } from "../change-log.ts";
import type { Unit } from "../unit.ts";
import { approvalWorkflowDefinitionRules, approvalWorkflowStageDefinitionRules } from "./approval-workflow-definition.ts";
import { groupRules } from "./group.ts";
import { jobButtonRules } from "./job-button.ts";
import { jobHookRules } from "./job-hook.ts";
import { jobQueueRules } from "./job-queue.ts";
import { jobRules } from "./job.ts";
import { noteRules } from "./note.ts";
import { objectPermissionRules } from "./object-permission.ts";
import { scheduledJobRules } from "./scheduled-job.ts";
import { tagRules } from "./tag.ts";
import { tokenRules } from "./token.ts";
import { userRules } from "./user.ts";

/** Rules of a model's objects beyond their columns. Each returns the errors, or an empty list. */
export interface Rules<T> {
  /** Tells whether an object is an author's own, who needs no right to act on it so. */
  isOwn?(object: T, author: Author, action: Action): boolean;
  /** Returns the errors of an object before it is written. A new object lacks its invalid values. */
  check?(object: T, unit: Unit): ErrorDetail[] | Promise<ErrorDetail[]>;
  /** Returns the errors of an object before it is deleted. May delete other objects that cannot stay without it. */
  mayDelete?(object: T, unit: Unit): ErrorDetail[] | Promise<ErrorDetail[]>;
}

const RULES = new Map<object, Rules<never>>([
  [Job, jobRules],
  [JobQueue, jobQueueRules],
  [JobHook, jobHookRules],
  [JobButton, jobButtonRules],
  [Tag, tagRules],
  [Note, noteRules],
  [ScheduledJob, scheduledJobRules],
  [User, userRules],
  [Group, groupRules],
  [ObjectPermission, objectPermissionRules],
  [Token, tokenRules],
  [ApprovalWorkflowDefinition, approvalWorkflowDefinitionRules],
  [ApprovalWorkflowStageDefinition, approvalWorkflowStageDefinitionRules],
]);

/** Returns all errors of an object before it is written: values that do not fit their columns, and errors of its model's rules on the other fields. */
export async function wrongWith(
  object: object,
  model: object,
  unfit: readonly ErrorDetail[],
  unit: Unit,
): Promise<ErrorDetail[]> {
  const told = new Set(unfit.map(({ field }) => field));
  const broken = (await rulesOf(model).check?.(object, unit)) ?? [];
  return [...unfit, ...broken.filter(({ field }) => !told.has(field))];
}

/** The rules of a model; none for one that has none. */
export function rulesOf(model: object): Rules<object> {
  return (RULES.get(model) ?? {}) as Rules<object>;
}

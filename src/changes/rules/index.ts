import {
  ApprovalWorkflowDefinition,
  ApprovalWorkflowStageDefinition,
  Group,
  Job,
  JobButton,
  JobHook,
  JobQueue,
  Note,
  ScheduledJob,
  Tag,
  User,
} from "../../entities/index.ts";
import type { ErrorDetail } from "../../errors.ts";
import type { Unit } from "../unit.ts";
import { approvalWorkflowDefinitionRules, approvalWorkflowStageDefinitionRules } from "./approval-workflow-definition.ts";
import { groupRules } from "./group.ts";
import { jobButtonRules } from "./job-button.ts";
import { jobHookRules } from "./job-hook.ts";
import { jobQueueRules } from "./job-queue.ts";
import { jobRules } from "./job.ts";
import { noteRules } from "./note.ts";
import { scheduledJobRules } from "./scheduled-job.ts";
import { tagRules } from "./tag.ts";
import { userRules } from "./user.ts";

/** Rules of a model's objects beyond their columns. Each returns the errors, or an empty list. */
export interface Rules<T> {
  /** Of an object as it is about to be written. A new one lacks what did not fit. */
  check?(object: T, unit: Unit): ErrorDetail[] | Promise<ErrorDetail[]>;
  /** Of an object that is about to be deleted. It may delete with it what cannot stay. */
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
  [ApprovalWorkflowDefinition, approvalWorkflowDefinitionRules],
  [ApprovalWorkflowStageDefinition, approvalWorkflowStageDefinitionRules],
]);

/**
 * Returns all that is wrong with an object as it is about to be written: what did not fit its columns, and what its model's rules say of the
 * other fields.
 */
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

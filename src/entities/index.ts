import { ApprovalWorkflowDefinition } from "./approval-workflow-definition.ts";
import { ApprovalWorkflowStageDefinition } from "./approval-workflow-stage-definition.ts";
import { ApprovalWorkflowStageResponse } from "./approval-workflow-stage-response.ts";
import { ApprovalWorkflowStage } from "./approval-workflow-stage.ts";
import { ApprovalWorkflow } from "./approval-workflow.ts";
import { ContentType } from "./content-type.ts";
import { FileProxy } from "./file-proxy.ts";
import { GitRepository } from "./git-repository.ts";
import { Group } from "./group.ts";
import { JobButton } from "./job-button.ts";
import { JobConsoleEntry } from "./job-console-entry.ts";
import { JobHookDelivery } from "./job-hook-delivery.ts";
import { JobHook } from "./job-hook.ts";
import { JobLogEntry } from "./job-log-entry.ts";
import { JobQueueAssignment } from "./job-queue-assignment.ts";
import { JobQueue } from "./job-queue.ts";
import { JobResult } from "./job-result.ts";
import { Job } from "./job.ts";
import { Note } from "./note.ts";
import { ObjectChange } from "./object-change.ts";
import { ScheduledJob } from "./scheduled-job.ts";
import { Tag } from "./tag.ts";
import { Token } from "./token.ts";
import { User } from "./user.ts";
import { Worker } from "./worker.ts";

/** Every model, for the database and for the schema. */
export const MODELS = [
  Job,
  JobQueue,
  JobQueueAssignment,
  JobResult,
  JobLogEntry,
  JobConsoleEntry,
  FileProxy,
  ScheduledJob,
  JobHook,
  JobButton,
  ContentType,
  ObjectChange,
  JobHookDelivery,
  Note,
  Tag,
  GitRepository,
  User,
  Token,
  Group,
  ApprovalWorkflowDefinition,
  ApprovalWorkflowStageDefinition,
  ApprovalWorkflow,
  ApprovalWorkflowStage,
  ApprovalWorkflowStageResponse,
  Worker,
] as const;

/** Models whose rows are the server's own: no client sees one. */
export const OWN_MODELS: ReadonlySet<object> = new Set([JobHookDelivery, Worker]);

export {
  ApprovalWorkflow,
  ApprovalWorkflowDefinition,
  ApprovalWorkflowStage,
  ApprovalWorkflowStageDefinition,
  ApprovalWorkflowStageResponse,
  ContentType,
  FileProxy,
  GitRepository,
  Group,
  Job,
  JobButton,
  JobConsoleEntry,
  JobHook,
  JobHookDelivery,
  JobLogEntry,
  JobQueue,
  JobQueueAssignment,
  JobResult,
  Note,
  ObjectChange,
  ScheduledJob,
  Tag,
  Token,
  User,
  Worker,
};

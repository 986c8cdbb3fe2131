import { ApprovalWorkflowDefinition } from "./models/approval-workflow-definition.ts";
import { ApprovalWorkflowStageDefinition } from "./models/approval-workflow-stage-definition.ts";
import { ApprovalWorkflowStageResponse } from "./models/approval-workflow-stage-response.ts";
import { ApprovalWorkflowStage } from "./models/approval-workflow-stage.ts";
import { ApprovalWorkflow } from "./models/approval-workflow.ts";
import { ContentType } from "./models/content-type.ts";
import { FileProxy } from "./models/file-proxy.ts";
import { GitRepository } from "./models/git-repository.ts";
import { Group } from "./models/group.ts";
import { JobButton } from "./models/job-button.ts";
import { JobConsoleEntry } from "./models/job-console-entry.ts";
import { JobHookDelivery } from "./models/job-hook-delivery.ts";
import { JobHook } from "./models/job-hook.ts";
import { JobLogEntry } from "./models/job-log-entry.ts";
import { JobQueueAssignment } from "./models/job-queue-assignment.ts";
import { JobQueue } from "./models/job-queue.ts";
import { JobResult } from "./models/job-result.ts";
import { Job } from "./models/job.ts";
import { Note } from "./models/note.ts";
import { ObjectChange } from "./models/object-change.ts";
import { ObjectPermission } from "./models/object-permission.ts";
import { ScheduledJob } from "./models/scheduled-job.ts";
import { Tag } from "./models/tag.ts";
import { Token } from "./models/token.ts";
import { UserSession } from "./models/user-session.ts";
import { User } from "./models/user.ts";
import { Worker } from "./models/worker.ts";

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
  ObjectPermission,
  UserSession,
  ApprovalWorkflowDefinition,
  ApprovalWorkflowStageDefinition,
  ApprovalWorkflow,
  ApprovalWorkflowStage,
  ApprovalWorkflowStageResponse,
  Worker,
] as const;

/** Models whose rows are the server's own: no client sees one. */
export const OWN_MODELS: ReadonlySet<object> = new Set([JobHookDelivery, UserSession, Worker]);

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
  ObjectPermission,
  ScheduledJob,
  Tag,
  Token,
  User,
  UserSession,
  Worker,
};

import type { GraphQLSchema } from "graphql";
import { buildSchemaSync } from "type-graphql";
import {
  ApprovalWorkflowDefinitionMutations,
  ApprovalWorkflowDefinitionResolver,
  ApprovalWorkflowResolver,
  ApprovalWorkflowStageDefinitionMutations,
  ApprovalWorkflowStageDefinitionResolver,
  ApprovalWorkflowStageResolver,
  ApprovalWorkflowStageResponseResolver,
} from "./types/approval/approval-workflow.ts";
import { ApprovalMutations } from "./types/approval/approval-mutations.ts";
import { ChangeMutations } from "./types/change/change-mutations.ts";
import { ContentTypeResolver } from "./types/change/content-type.ts";
import { type CustomField, withCustomFields } from "./model/custom-fields.ts";
import { FileProxyResolver } from "./types/run/file-proxy.ts";
import { GitRepositoryResolver } from "./types/change/git-repository.ts";
import { GroupMutations, GroupResolver } from "./types/access/group.ts";
import { JobButtonMutations, JobButtonResolver, RenderedJobButtonResolver } from "./types/trigger/job-button.ts";
import { JobConsoleEntryResolver } from "./types/run/job-console-entry.ts";
import { JobFilesResolver } from "./types/job/job-files.ts";
import { JobHookMutations, JobHookResolver } from "./types/trigger/job-hook.ts";
import { JobLogEntryResolver } from "./types/run/job-log-entry.ts";
import { JobQueueAssignmentResolver, JobQueueMutations, JobQueueResolver } from "./types/queue/job-queue.ts";
import { JobResultMutations, JobResultResolver } from "./types/run/job-result.ts";
import { JobResultErrorPartsResolver, JobResultErrorResolver } from "./types/run/job-result-error.ts";
import { JobMutations } from "./types/job/job-mutations.ts";
import { JobOverridesResolver } from "./types/job/job-overrides.ts";
import { JobResolver } from "./types/job/job.ts";
import { JobsMutations, JobUpdateOutcomeResolver } from "./types/job/jobs-mutations.ts";
import { JobResultCancelOutcomeResolver, RunMutations } from "./types/run/run-mutations.ts";
import { withLists } from "./reading/list-arguments.ts";
import { ImportMutations } from "./types/change/import-mutations.ts";
import { JobFeed, JobResultFeed, ObjectChangeFeed, ScheduledJobFeed } from "./subscriptions/feeds.ts";
import { withMutationRights } from "./model/mutation-gate.ts";
import { NoteMutations, NoteResolver } from "./types/change/note.ts";
import { ObjectChangeResolver } from "./types/change/object-change.ts";
import { ObjectModelResolver } from "./types/change/object-model.ts";
import { PruneMutations } from "./types/run/prune-mutations.ts";
import { ScheduleMutations } from "./types/schedule/schedule-mutations.ts";
import { SchedulePreviewResolver } from "./types/schedule/schedule-preview.ts";
import { ScheduledJobResolver } from "./types/schedule/scheduled-job.ts";
import { withStorableTexts } from "./reading/storable-texts.ts";
import { QueueLoadResolver } from "./types/queue/queue-load.ts";
import { TagMutations, TagResolver } from "./types/change/tag.ts";
import { ObjectPermissionMutations, ObjectPermissionResolver } from "./types/access/object-permission.ts";
import { withKeyWrites } from "./types/access/key-writes.ts";
import { MeResolver } from "./types/access/me.ts";
import { PermissionTestResolver } from "./types/access/permission-test.ts";
import { TokenMutations } from "./types/access/token-mutations.ts";
import { TokenResolver } from "./types/access/token.ts";
import { UserMutations } from "./types/access/user-mutations.ts";
import { UserResolver } from "./types/access/user.ts";
import { WaitingReasonResolver } from "./types/run/waiting-reason.ts";
import { wireNames } from "./execution/wire-names.ts";

const RESOLVERS = [
  UserMutations,
  TokenMutations,
  MeResolver,
  JobResolver,
  JobResultResolver,
  JobLogEntryResolver,
  JobConsoleEntryResolver,
  FileProxyResolver,
  WaitingReasonResolver,
  JobResultErrorPartsResolver,
  JobResultErrorResolver,
  JobQueueResolver,
  QueueLoadResolver,
  JobQueueAssignmentResolver,
  ScheduledJobResolver,
  SchedulePreviewResolver,
  ScheduleMutations,
  ApprovalMutations,
  ApprovalWorkflowDefinitionResolver,
  ApprovalWorkflowStageDefinitionResolver,
  ApprovalWorkflowResolver,
  ApprovalWorkflowStageResolver,
  ApprovalWorkflowStageResponseResolver,
  ApprovalWorkflowDefinitionMutations,
  ApprovalWorkflowStageDefinitionMutations,
  JobHookResolver,
  JobButtonResolver,
  ContentTypeResolver,
  ObjectChangeResolver,
  NoteResolver,
  TagResolver,
  GitRepositoryResolver,
  UserResolver,
  GroupResolver,
  GroupMutations,
  ObjectPermissionResolver,
  ObjectPermissionMutations,
  PermissionTestResolver,
  TokenResolver,
  JobOverridesResolver,
  JobFilesResolver,
  JobMutations,
  JobsMutations,
  JobUpdateOutcomeResolver,
  JobResultCancelOutcomeResolver,
  RunMutations,
  PruneMutations,
  ImportMutations,
  ObjectModelResolver,
  JobResultMutations,
  JobQueueMutations,
  JobHookMutations,
  JobButtonMutations,
  TagMutations,
  NoteMutations,
  ChangeMutations,
  RenderedJobButtonResolver,
  JobResultFeed,
  JobFeed,
  ScheduledJobFeed,
  ObjectChangeFeed,
] as const;

let plain: GraphQLSchema | undefined;

/**
 * Returns the schema, with the names that go over the wire, and with the custom fields of a site. Without any it depends on nothing and never changes, so a
 * process makes it once.
 */
export function createSchema(customFields: readonly CustomField[] = []): GraphQLSchema {
  return customFields.length > 0 ? makeSchema(customFields) : (plain ??= makeSchema([]));
}

function makeSchema(customFields: readonly CustomField[]): GraphQLSchema {
  const schema = wireNames(
    buildSchemaSync({
      resolvers: RESOLVERS,
      // Every subscription brings its own stream; type-graphql asks for this one all the same.
      pubSub: { publish: () => undefined, subscribe: () => neverAsked() },
      validate: false,
    }),
  );
  return withKeyWrites(withMutationRights(withStorableTexts(withCustomFields(withLists(schema), customFields))));
}

function neverAsked(): never {
  throw new Error("A subscription without its own stream.");
}

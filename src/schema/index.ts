import type { GraphQLSchema } from "graphql";
import { buildSchemaSync } from "type-graphql";
import { AccessMutations } from "./access-mutations.ts";
import {
  ApprovalWorkflowDefinitionMutations,
  ApprovalWorkflowDefinitionResolver,
  ApprovalWorkflowResolver,
  ApprovalWorkflowStageDefinitionMutations,
  ApprovalWorkflowStageDefinitionResolver,
  ApprovalWorkflowStageResolver,
  ApprovalWorkflowStageResponseResolver,
} from "./approval-workflow.ts";
import { ApprovalMutations } from "./approval-mutations.ts";
import { ChangeMutations } from "./change-mutations.ts";
import { ContentTypeResolver } from "./content-type.ts";
import { type CustomField, withCustomFields } from "./custom-fields.ts";
import { FileProxyResolver } from "./file-proxy.ts";
import { GitRepositoryResolver } from "./git-repository.ts";
import { GroupMutations, GroupResolver } from "./group.ts";
import { JobButtonMutations, JobButtonResolver, RenderedJobButtonResolver } from "./job-button.ts";
import { JobConsoleEntryResolver } from "./job-console-entry.ts";
import { JobFilesResolver } from "./job-files.ts";
import { JobHookMutations, JobHookResolver } from "./job-hook.ts";
import { JobLogEntryResolver } from "./job-log-entry.ts";
import { JobQueueAssignmentResolver, JobQueueMutations, JobQueueResolver } from "./job-queue.ts";
import { JobResultMutations, JobResultResolver } from "./job-result.ts";
import { JobResultErrorPartsResolver, JobResultErrorResolver } from "./job-result-error.ts";
import { JobMutations } from "./job-mutations.ts";
import { JobOverridesResolver } from "./job-overrides.ts";
import { JobResolver } from "./job.ts";
import { JobsMutations, JobUpdateOutcomeResolver } from "./jobs-mutations.ts";
import { JobResultCancelOutcomeResolver, RunMutations } from "./run-mutations.ts";
import { withLists } from "./list-arguments.ts";
import { ImportMutations } from "./import-mutations.ts";
import { JobFeed, JobResultFeed, ObjectChangeFeed, ScheduledJobFeed } from "./live/feeds.ts";
import { NoteMutations, NoteResolver } from "./note.ts";
import { ObjectChangeResolver } from "./object-change.ts";
import { ObjectModelResolver } from "./object-model.ts";
import { PruneMutations } from "./prune-mutations.ts";
import { ScheduleMutations } from "./schedule-mutations.ts";
import { SchedulePreviewResolver } from "./schedule-preview.ts";
import { ScheduledJobResolver } from "./scheduled-job.ts";
import { withStorableTexts } from "./storable-texts.ts";
import { QueueLoadResolver } from "./queue-load.ts";
import { TagMutations, TagResolver } from "./tag.ts";
import { UserResolver } from "./user.ts";
import { WaitingReasonResolver } from "./waiting-reason.ts";
import { wireNames } from "./wire-names.ts";

const RESOLVERS = [
  AccessMutations,
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
 * What can be asked, with the names that go over the wire, and with the custom fields of a site. Without any it depends on nothing and is
 * never changed, so a process makes it once.
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
  return withStorableTexts(withCustomFields(withLists(schema), customFields));
}

function neverAsked(): never {
  throw new Error("A subscription without its own stream.");
}

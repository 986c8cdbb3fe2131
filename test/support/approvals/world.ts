import type { Database } from "../../../src/entities/database.ts";
import { ensureContentTypes } from "../../../src/entities/content-types.ts";
import {
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
} from "../../../src/entities/index.ts";
import { newId } from "../../../src/entities/new-id.ts";

/** A moment of the year of the tests. */
export const at = (time: string) => new Date(`2026-${time}Z`);

/** Ids of the objects of the world. */
export type World = Record<
  | "assignment"
  | "button"
  | "change"
  | "definition"
  | "device"
  | "file"
  | "group"
  | "hook"
  | "job"
  | "line"
  | "note"
  | "permission"
  | "printed"
  | "queue"
  | "repository"
  | "response"
  | "run"
  | "schedule"
  | "stage"
  | "stageDefinition"
  | "tag"
  | "token"
  | "user"
  | "workflow",
  string
>;

/** The one of the world's objects that stands for a model. */
export const EXAMPLES: Readonly<Record<string, keyof World>> = {
  Job: "job",
  JobQueue: "queue",
  JobQueueAssignment: "assignment",
  JobResult: "run",
  JobLogEntry: "line",
  JobConsoleEntry: "printed",
  FileProxy: "file",
  ScheduledJob: "schedule",
  JobHook: "hook",
  JobButton: "button",
  ContentType: "device",
  Tag: "tag",
  GitRepository: "repository",
  User: "user",
  Group: "group",
  ObjectPermission: "permission",
  Token: "token",
  ApprovalWorkflowDefinition: "definition",
  ApprovalWorkflowStageDefinition: "stageDefinition",
  ApprovalWorkflow: "workflow",
  ApprovalWorkflowStage: "stage",
  ApprovalWorkflowStageResponse: "response",
  Note: "note",
  ObjectChange: "change",
};

/** Stores one object of each model, so that each relation of each leads to something. @returns their ids, and those of objects that can have notes. */
export async function storeWorld(database: Database): Promise<World> {
  await ensureContentTypes(database, ["dcim.device"]);
  const em = database.fork();
  const partial = { partial: true } as const;
  const user = em.create(User, { username: "ada", firstName: "Ada" }, partial);
  const device = await em.findOneOrFail(ContentType, { label: "dcim.device" });
  const tag = em.create(Tag, { name: "core", contentTypes: [device] }, partial);
  const queue = em.create(JobQueue, { name: "night", tags: [tag] }, partial);
  const job = em.create(
    Job,
    {
      moduleName: "lab.backup",
      jobClassName: "Backup",
      grouping: "Lab",
      name: "Back up Genève",
      description: "Saves.\nEverything.",
      defaultJobQueue: queue,
      enabled: true,
      tags: [tag],
    },
    partial,
  );
  const assignment = em.create(JobQueueAssignment, { job, jobQueue: queue }, partial);
  const schedule = em.create(
    ScheduledJob,
    {
      name: "Nightly",
      task: "lab.backup.Backup",
      jobModel: job,
      jobQueue: queue,
      interval: "DAILY",
      startTime: at("01-01T05:30:00"),
      timeZone: "America/New_York",
      user,
      decidedBy: user,
      decidedByUserName: "ada",
    },
    partial,
  );
  const run = em.create(
    JobResult,
    {
      name: job.name,
      jobModel: job,
      scheduledJob: schedule,
      user,
      status: "REVOKED",
      dateCreated: at("02-01T10:00:00"),
      dateStarted: at("02-01T10:00:01"),
      dateDone: at("02-01T10:02:03.500"),
      celeryKwargs: { queue: "night" },
      canceledBy: user,
      canceledByUserName: "ada",
      cancelType: "REAPED",
      _customFieldData: { ticket: 7 },
    },
    partial,
  );
  const again = { name: job.name, jobModel: job, user, dateCreated: at("01-31T11:00:00") };
  run.rerunOf = em.create(JobResult, again, partial);
  em.create(JobResult, { ...again, rerunOf: run }, partial);
  const line = em.create(
    JobLogEntry,
    { jobResult: run, sequence: 1, logLevel: "INFO", grouping: "main", message: "hello", created: at("02-01T10:00:02") },
    partial,
  );
  const printed = em.create(JobConsoleEntry, { jobResult: run, sequence: 1, outputType: "STDERR", text: "oops" }, partial);
  const file = em.create(FileProxy, { jobResult: run, name: "a.txt", size: 12 }, partial);
  const hook = em.create(JobHook, { name: "On change", job, typeUpdate: true, contentTypes: [device] }, partial);
  const button = em.create(JobButton, { name: "Press", text: "Go", job, contentTypes: [device] }, partial);
  const repository = em.create(
    GitRepository,
    { name: "Lab", slug: "lab", remoteUrl: "https://a.example/lab", tags: [tag] },
    partial,
  );
  const token = em.create(Token, { user, keyHash: "none", description: "A key." }, partial);
  const group = em.create(Group, { name: "Deciders", users: [user] }, partial);
  const permission = em.create(
    ObjectPermission,
    {
      name: "Look",
      actions: ["view"],
      objectTypes: [device, await em.findOneOrFail(ContentType, { label: "extras.tag" })],
      users: [user],
      groups: [group],
    },
    partial,
  );
  const definition = em.create(
    ApprovalWorkflowDefinition,
    { name: "Nightly runs", modelContentType: device, modelConstraints: { name: "Nightly" }, weight: 1, tags: [tag] },
    partial,
  );
  const stageDefinition = em.create(
    ApprovalWorkflowStageDefinition,
    { approvalWorkflowDefinition: definition, sequence: 1, name: "Peers", minApprovers: 2, approverGroup: group },
    partial,
  );
  const workflow = em.create(
    ApprovalWorkflow,
    {
      approvalWorkflowDefinition: definition,
      objectUnderReviewContentType: device,
      objectUnderReviewObjectId: schedule.id,
      user,
      userName: "ada",
    },
    partial,
  );
  const stage = em.create(
    ApprovalWorkflowStage,
    {
      approvalWorkflow: workflow,
      approvalWorkflowStageDefinition: stageDefinition,
      isActiveStage: true,
      remainingApprovals: 1,
      decisionDate: at("02-02T23:30:00"),
    },
    partial,
  );
  const said = { user, userName: "ada", comments: "Fine.", state: "APPROVED", lastUpdated: at("02-02T10:00:00") };
  const response = em.create(ApprovalWorkflowStageResponse, { approvalWorkflowStage: stage, ...said } as never, partial);
  await em.flush();

  const carriers = { job, queue, run, schedule, hook, button, repository, tag };
  const attached: Record<string, { id: string }> = {};
  for (const { id } of Object.values(carriers)) {
    const noted = { assignedObjectType: device, assignedObjectId: id, user, userName: "ada", note: "Mind it." };
    attached["note"] = em.create(Note, noted, partial);
    attached["change"] = em.create(
      ObjectChange,
      {
        user,
        userName: "ada",
        requestId: newId(),
        action: "UPDATE",
        changedObjectType: device,
        changedObjectId: id,
        relatedObjectType: device,
        relatedObjectId: job.id,
        changeContext: "JOB_HOOK",
        objectRepr: "it",
        objectDataV2: { name: "it" },
      },
      partial,
    );
  }
  await em.flush();
  const ids = Object.fromEntries(
    Object.entries({
      ...carriers,
      ...attached,
      user,
      device,
      assignment,
      line,
      printed,
      file,
      group,
      permission,
      token,
      definition,
      stageDefinition,
      workflow,
      stage,
      response,
    }).map(([name, { id }]) => [name, id]),
  );
  return ids as World;
}

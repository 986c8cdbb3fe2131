import { contentTypeLabel } from "../entities/content-types.ts";
import {
  ApprovalWorkflowDefinition,
  ApprovalWorkflowStageDefinition,
  Group,
  Job,
  JobButton,
  JobHook,
  JobQueue,
  JobResult,
  MODELS,
  Note,
  ObjectChange,
  ObjectPermission,
  ScheduledJob,
  Tag,
  User,
} from "../entities/index.ts";
import { AppError } from "../errors.ts";
import { type Action, lacks, type Model, rightName, type Rights } from "./rights.ts";

/** A right that a mutation needs on some object, so that it begins at all. */
interface Need {
  action: Action;
  model: Model;
  /** True for a mutation that is about all objects: a permission with constraints does not suffice. */
  ofAll?: boolean;
}

/** The rights that a mutation needs. */
export interface MutationRights {
  /** Rights without which it does not begin. */
  needs: readonly Need[];
  /** Argument that names the kind of objects, `app_label.model`, and the action on that kind. */
  ofKind?: { argument: string; action: Action };
  /** A sentence about the rights that it needs besides, for the page. */
  besides?: string;
  /** True for a mutation on one's own things, as on those of others: its resolver decides. */
  decidesItself?: boolean;
}

const one = (action: Action, model: Model, besides?: string): MutationRights => ({
  needs: [{ action, model }],
  ...(besides !== undefined && { besides }),
});

/** `create_…`, `update_…` and `delete_…` of a model. */
const ofModel = (name: string, model: Model): Record<string, MutationRights> => ({
  [`create_${name}`]: one("add", model),
  [`update_${name}`]: one("change", model),
  [`delete_${name}`]: one("delete", model),
});

const OWN: MutationRights = { needs: [], decidesItself: true };

const NEW_RUN = "and `extras.run_job` on the job";
const CHANGED_JOB =
  "A change of `enabled` needs `extras.enable_job`, and one after which no approval is needed `extras.override_approval_job`.";
const DECISION =
  "Of a request without stages `extras.approve_scheduledjob`; of a stage, membership of the stage's group. Nobody decides on a request of their own.";

const PROMOTION = "Only a superuser makes or changes a superuser, and only staff make staff.";

/** The rights that each mutation needs, by its name. No mutation exists without. */
export const MUTATION_RIGHTS: ReadonlyMap<string, MutationRights> = new Map(
  Object.entries({
    run_job: one("run", Job),
    rerun_job_result: one("run", Job),
    press_job_button: one("run", Job),
    run_scheduled_job_now: one("run", Job),
    dry_run_scheduled_job: one("run", Job, DECISION),
    cancel_job_result: one("cancel", JobResult),
    cancel_job_results: one("cancel", JobResult),
    update_job_result: one("change", JobResult),
    prune_records: { needs: [{ action: "prune", model: JobResult, ofAll: true }] },

    update_job: one("change", Job, CHANGED_JOB),
    update_jobs: one("change", Job, CHANGED_JOB),
    revert_job_overrides: one("change", Job, CHANGED_JOB),
    delete_job: one("delete", Job),
    refresh_jobs: { needs: [{ action: "change", model: Job, ofAll: true }] },

    schedule_job: one("add", ScheduledJob, `${NEW_RUN}.`),
    create_scheduled_job: one("add", ScheduledJob, `${NEW_RUN}.`),
    update_scheduled_job: one("change", ScheduledJob, `${NEW_RUN}, where the caller becomes the user of the schedule.`),
    delete_scheduled_job: one("delete", ScheduledJob),
    pause_scheduled_job: one("change", ScheduledJob),
    resume_scheduled_job: one("change", ScheduledJob),
    approve_scheduled_job: { needs: [], besides: DECISION },
    deny_scheduled_job: { needs: [], besides: DECISION },
    comment_on_scheduled_job: {
      needs: [],
      besides: "One's own request needs nothing, and members of the stage's group nothing; others `extras.approve_scheduledjob`.",
    },
    cancel_scheduled_job: {
      needs: [],
      besides: "One's own request needs nothing; that of another `extras.approve_scheduledjob`.",
    },

    ...ofModel("job_hook", JobHook),
    ...ofModel("job_button", JobButton),
    ...ofModel("job_queue", JobQueue),
    ...ofModel("tag", Tag),
    ...ofModel("note", Note),
    ...ofModel("approval_workflow_definition", ApprovalWorkflowDefinition),
    ...ofModel("approval_workflow_stage_definition", ApprovalWorkflowStageDefinition),
    ...ofModel("group", Group),
    ...ofModel("object_permission", ObjectPermission),

    import_objects: {
      needs: [],
      ofKind: { argument: "content_type", action: "import" },
      besides: "`add` for each new object and `change` for each existing one, of the same kind.",
    },
    record_object_change: one("add", ObjectChange),

    create_user: one("add", User, PROMOTION),
    update_user: one("change", User, PROMOTION),
    change_password: OWN,
    create_token: OWN,
    update_token: OWN,
    delete_token: OWN,
    revoke_token: OWN,
  } satisfies Record<string, MutationRights>),
);

/**
 * Throws unless the user has every right without which a mutation does not begin, on some object at least.
 * @param shows the models whose objects the answer shows: the user must be able to see some.
 * @throws {@link AppError} FORBIDDEN that names the right.
 */
export function mustBegin(
  rights: Rights,
  { needs, ofKind }: MutationRights,
  args: Readonly<Record<string, unknown>>,
  shows: readonly Model[],
): void {
  if (rights.isSuperuser) return;
  const model = ofKind && MODELS.find((candidate) => contentTypeLabel(candidate) === args[ofKind.argument]);
  const all: Need[] = [
    ...needs,
    ...(model ? [{ action: ofKind!.action, model }] : []),
    ...shows.map((shown) => ({ action: "view" as const, model: shown })),
  ];
  for (const need of all) {
    if (!rights.mayAny(need.action, need.model)) throw lacks(need.action, need.model);
    if (need.ofAll && rights.restrict(need.action, need.model))
      throw new AppError(
        "FORBIDDEN",
        `You need the permission ${rightName(need.action, need.model)} for all objects: yours has constraints.`,
      );
  }
}

import type { GraphQLResolveInfo } from "graphql";
import { Arg, Args, ArgsType, Ctx, Field, Info, Mutation, Resolver } from "type-graphql";
import { JobResult, ScheduledJob } from "../../../entities/index.ts";
import { DateTime, GenericScalar, ID, uuidOf } from "../../../entities/mapping/scalars.ts";
import { shapeOf } from "../../../entities/mapping/shape.ts";
import { AppError } from "../../../errors.ts";
import type { JobReference, ScheduleWishes } from "../../../runner/index.ts";
import type { Context } from "../../context.ts";
import { dataOf } from "../job/job-mutations.ts";
import { JobReferenceArgs, referenceOf } from "../job/job-reference.ts";
import type { Row } from "../../reading/list.ts";
import { deleteOne } from "../../model/model-mutations.ts";
import { contentOf, CreateScheduledJobInput, optionsOf, ScheduleInput, UpdateScheduledJobInput } from "./schedule-input.ts";
import { readChanged } from "../../model/read-changed.ts";

const SCHEDULED_JOB = shapeOf(ScheduledJob);
const JOB_RESULT = shapeOf(JobResult);
const ID_ARGUMENT = { description: "Primary key of the schedule." } as const;

const SEEN = {
  nullable: true,
  description:
    "The `date_changed` that you have seen: when the schedule has changed since, it is left alone and the answer is `CONFLICT`. Its runs do not change it.",
} as const;

@ArgsType()
class ScheduleJobArgs extends JobReferenceArgs {
  @Field(() => ScheduleInput, { description: "When and how often." })
  schedule!: ScheduleInput;

  @Field(() => GenericScalar, {
    nullable: true,
    description: "The inputs of each run: an object that fits the job's `variables_schema`.",
  })
  data?: unknown;

  @Field(() => Boolean, { nullable: true, description: "Whether to change nothing; the job's `dryrun_default` when absent." })
  dryrun?: boolean | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "Whether to keep what the runs print; the job's `console_log_default` when absent.",
  })
  consoleLog?: boolean | null;

  @Field(() => String, {
    nullable: true,
    description: "Name or id of the queue to wait in, one of the job's; its default when absent.",
  })
  jobQueue?: string | null;

  @Field(() => Boolean, { nullable: true, description: "Whether to run a singleton although a run of it is under way." })
  ignoreSingletonLock?: boolean | null;
}

/** Schedules: to make, to change, to pause, to run by hand, to delete. */
@Resolver()
export class ScheduleMutations {
  @Mutation(() => ScheduledJob, {
    description:
      "Has a job run later, or again and again: what `run_job` takes, and when. It passes the same checks as `run_job`, now and for each run.",
  })
  async scheduleJob(
    @Args(() => ScheduleJobArgs) args: ScheduleJobArgs,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    const { schedule, data, ...options } = args;
    const wishes = {
      ...optionsOf(schedule),
      ...contentOf(options),
      job: referenceOf(args),
      data: data === undefined || data === null ? {} : dataOf(data),
    };
    return create(context, info, wishes, (field) => FORM_FIELDS[field] ?? formField(field));
  }

  @Mutation(() => ScheduledJob, {
    description: "Creates a scheduled job. It passes the same checks as `run_job`, now and for each run.",
  })
  createScheduledJob(
    @Arg("data", () => CreateScheduledJobInput, { description: "What the new schedule is." }) data: CreateScheduledJobInput,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    return create(context, info, { ...optionsOf(data), ...contentOf(data), job: jobNamed(data.jobModel) }, modelField);
  }

  @Mutation(() => ScheduledJob, {
    description:
      "Changes a scheduled job; its id, its runs and its history stay. Only a change of when it is run, or of whether, decides anew when it is run next. Who changes what is run, its job, inputs, queue or options, becomes its `user`.",
  })
  async updateScheduledJob(
    @Arg("id", () => ID, ID_ARGUMENT) id: string,
    @Arg("data", () => UpdateScheduledJobInput, { description: "What to change." }) data: UpdateScheduledJobInput,
    @Arg("ifUnmodifiedSince", () => DateTime, SEEN) unmodifiedSince: Date | undefined,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    const job = typeof data.jobModel === "string" ? jobNamed(data.jobModel) : undefined;
    return update(context, info, id, { ...optionsOf(data), ...contentOf(data), job }, unmodifiedSince);
  }

  @Mutation(() => ScheduledJob, {
    description: "Deletes a scheduled job. Its runs stay. The answer is what it was.",
  })
  deleteScheduledJob(
    @Arg("id", () => ID, ID_ARGUMENT) id: string,
    @Arg("ifUnmodifiedSince", () => DateTime, SEEN) unmodifiedSince: Date | undefined,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    return deleteOne(ScheduledJob, id, unmodifiedSince, context, info);
  }

  @Mutation(() => ScheduledJob, {
    description: "Switches a scheduled job off until it is resumed. What is due in this moment is run first.",
  })
  pauseScheduledJob(
    @Arg("id", () => ID, ID_ARGUMENT) id: string,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    return update(context, info, id, { enabled: false });
  }

  @Mutation(() => ScheduledJob, {
    description: "Switches a scheduled job on again. It goes on with its next time; those of the pause are not made up for.",
  })
  resumeScheduledJob(
    @Arg("id", () => ID, ID_ARGUMENT) id: string,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    return update(context, info, id, { enabled: true });
  }

  @Mutation(() => JobResult, {
    description:
      "Runs the job of a scheduled job by hand, with its inputs, as you. It passes the same checks as `run_job`; the schedule's own times and counts stay.",
  })
  async runScheduledJobNow(
    @Arg("id", () => ID, ID_ARGUMENT) id: string,
    @Ctx() { database, runner, viewer }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    const resultId = await runner.runScheduleNow(id, viewer.id);
    return readChanged(database, info, JOB_RESULT, resultId);
  }
}

async function create(
  { database, runner, author }: Context,
  info: GraphQLResolveInfo,
  wishes: ScheduleWishes,
  nameOf: (field: string) => string,
): Promise<Row> {
  const id = await runner.createSchedule(await author(), wishes).catch((error: unknown) => {
    if (!(error instanceof AppError)) throw error;
    const details = error.details.map(({ field, message }) => ({ field: nameOf(field), message }));
    throw new AppError(error.code, error.message, details);
  });
  return readChanged(database, info, SCHEDULED_JOB, id);
}

async function update(
  { database, runner, author }: Context,
  info: GraphQLResolveInfo,
  id: string,
  wishes: ScheduleWishes,
  unmodifiedSince?: Date,
): Promise<Row> {
  await runner.updateSchedule(await author(), id, wishes, unmodifiedSince ?? undefined);
  return readChanged(database, info, SCHEDULED_JOB, id);
}

const modelField = (field: string) => field;

/** What the form has besides the schedule. */
const FORM_FIELDS: Readonly<Record<string, string>> = {
  "data.dryrun": "dryrun",
  "data.job_queue": "job_queue",
  "data.job_model": "name",
};
const formField = (field: string) =>
  field.startsWith("data.kwargs") ? `data${field.slice("data.kwargs".length)}` : field.replace(/^data\./, "schedule.");

/** A job by whatever names one. */
function jobNamed(text: string): JobReference {
  if (uuidOf(text) !== undefined) return { id: text };
  return /^[\w.]+\.\w+$/.test(text) ? { classPath: text } : { name: text };
}

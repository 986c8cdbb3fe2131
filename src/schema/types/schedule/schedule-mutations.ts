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
    "The `date_changed` that you have read. If the schedule has changed since, the answer is `CONFLICT` and nothing changes. Runs do not change it.",
} as const;

@ArgsType()
class ScheduleJobArgs extends JobReferenceArgs {
  @Field(() => ScheduleInput, { description: "The times at which the job runs." })
  schedule!: ScheduleInput;

  @Field(() => GenericScalar, {
    nullable: true,
    description: "Inputs of each run: an object that matches the job's `variables_schema`.",
  })
  data?: unknown;

  @Field(() => Boolean, { nullable: true, description: "True for dry runs; the job's `dryrun_default` when absent." })
  dryrun?: boolean | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "True to keep printed texts; the job's `console_log_default` when absent.",
  })
  consoleLog?: boolean | null;

  @Field(() => String, {
    nullable: true,
    description: "One of the job's queues, by name or id; its default when absent.",
  })
  jobQueue?: string | null;

  @Field(() => Boolean, { nullable: true, description: "True to run a singleton although another run is under way." })
  ignoreSingletonLock?: boolean | null;
}

/** Schedules: to make, to change, to pause, to run by hand, to delete. */
@Resolver()
export class ScheduleMutations {
  @Mutation(() => ScheduledJob, {
    description:
      "Schedules a job, with the arguments of `run_job` and the times of its runs. The schedule passes the checks of `run_job` now, and each run passes them again.",
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
    description: "Creates a schedule. The schedule passes the checks of `run_job` now, and each run passes them again.",
  })
  createScheduledJob(
    @Arg("data", () => CreateScheduledJobInput, { description: "Values of the new schedule." }) data: CreateScheduledJobInput,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    return create(context, info, { ...optionsOf(data), ...contentOf(data), job: jobNamed(data.jobModel) }, modelField);
  }

  @Mutation(() => ScheduledJob, {
    description:
      "Updates a schedule. Its id, runs and history stay. The time of the next run changes only with the times, or when the schedule is paused or resumed. The user who changes the content of runs (job, inputs, queue or options) becomes the schedule's `user`.",
  })
  async updateScheduledJob(
    @Arg("id", () => ID, ID_ARGUMENT) id: string,
    @Arg("data", () => UpdateScheduledJobInput, { description: "Values to change." }) data: UpdateScheduledJobInput,
    @Arg("ifUnmodifiedSince", () => DateTime, SEEN) unmodifiedSince: Date | undefined,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    const job = typeof data.jobModel === "string" ? jobNamed(data.jobModel) : undefined;
    return update(context, info, id, { ...optionsOf(data), ...contentOf(data), job }, unmodifiedSince);
  }

  @Mutation(() => ScheduledJob, {
    description: "Deletes a schedule. Its runs stay. Answers with the schedule before the deletion.",
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
    description: "Pauses a schedule. A run that is due at this moment starts first.",
  })
  pauseScheduledJob(
    @Arg("id", () => ID, ID_ARGUMENT) id: string,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    return update(context, info, id, { enabled: false });
  }

  @Mutation(() => ScheduledJob, {
    description: "Resumes a schedule with its next time. Times of the pause are not made up for.",
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
      "Runs the job of a schedule now, with the schedule's inputs, as you. The run passes the checks of `run_job`. The schedule's times and counts stay.",
  })
  async runScheduledJobNow(
    @Arg("id", () => ID, ID_ARGUMENT) id: string,
    @Ctx() { reader, runner, author }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    const resultId = await runner.runScheduleNow(await author(), id);
    return readChanged(reader, info, JOB_RESULT, resultId);
  }
}

async function create(
  { reader, runner, author }: Context,
  info: GraphQLResolveInfo,
  wishes: ScheduleWishes,
  nameOf: (field: string) => string,
): Promise<Row> {
  const id = await runner.createSchedule(await author(), wishes).catch((error: unknown) => {
    if (!(error instanceof AppError)) throw error;
    const details = error.details.map(({ field, message }) => ({ field: nameOf(field), message }));
    throw new AppError(error.code, error.message, details);
  });
  return readChanged(reader, info, SCHEDULED_JOB, id);
}

async function update(
  { reader, runner, author }: Context,
  info: GraphQLResolveInfo,
  id: string,
  wishes: ScheduleWishes,
  unmodifiedSince?: Date,
): Promise<Row> {
  await runner.updateSchedule(await author(), id, wishes, unmodifiedSince ?? undefined);
  return readChanged(reader, info, SCHEDULED_JOB, id);
}

const modelField = (field: string) => field;

/** Arguments of the form besides the schedule. */
const FORM_FIELDS: Readonly<Record<string, string>> = {
  "data.dryrun": "dryrun",
  "data.job_queue": "job_queue",
  "data.job_model": "name",
};
const formField = (field: string) =>
  field.startsWith("data.kwargs") ? `data${field.slice("data.kwargs".length)}` : field.replace(/^data\./, "schedule.");

/** Returns a reference to a job by any of its names: id, class path or name. */
function jobNamed(text: string): JobReference {
  if (uuidOf(text) !== undefined) return { id: text };
  return /^[\w.]+\.\w+$/.test(text) ? { classPath: text } : { name: text };
}

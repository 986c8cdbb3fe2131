import type { GraphQLResolveInfo } from "graphql";
import { Arg, Args, ArgsType, Ctx, Field, Info, Mutation, Resolver } from "type-graphql";
import {
  changeJob,
  type Data,
  holdOne,
  OVERRIDABLE,
  type OverridableField,
  refuse,
  revertJob,
  type Unit,
} from "../../../changes/index.ts";
import { snakeCase } from "../../../entities/mapping/case.ts";
import { Job, JobResult } from "../../../entities/index.ts";
import { DateTime, GenericScalar, ID } from "../../../entities/mapping/scalars.ts";
import { shapeOf } from "../../../entities/mapping/shape.ts";
import { type ErrorDetail, fieldError } from "../../../errors.ts";
import { describeReference, jobCondition } from "../../../runner/index.ts";
import type { Context } from "../../context.ts";
import { JobOverridableField } from "./job-overrides.ts";
import { JobReferenceArgs, referenceOf } from "./job-reference.ts";
import type { Row } from "../../reading/list.ts";
import { inputOf } from "../../model/model-input.ts";
import { deleteOne, UNMODIFIED_SINCE } from "../../model/model-mutations.ts";
import { readChanged } from "../../model/read-changed.ts";

const JOB = shapeOf(Job);
const JOB_RESULT = shapeOf(JobResult);

@ArgsType()
class RunJobArgs extends JobReferenceArgs {
  @Field(() => GenericScalar, {
    nullable: true,
    description: "Inputs of the run: an object that matches the job's `variables_schema`.",
  })
  data?: Record<string, unknown>;

  @Field(() => Boolean, { nullable: true, description: "True for a dry run; the job's `dryrun_default` when absent." })
  dryrun?: boolean;

  @Field(() => Boolean, {
    nullable: true,
    description: "True to keep printed texts; the job's `console_log_default` when absent.",
  })
  consoleLog?: boolean;

  @Field(() => String, {
    nullable: true,
    description: "One of the job's queues, by name or id; its default when absent.",
  })
  jobQueue?: string;

  @Field(() => Boolean, {
    nullable: true,
    description: "True to run a singleton although another run is under way.",
  })
  ignoreSingletonLock?: boolean;

  @Field(() => String, {
    nullable: true,
    description:
      "Any text. A repeated request with the same key is the same run, for the server's `IDEMPOTENCY_TTL_HOURS`. Another request with the key is a `CONFLICT`. Each user has their own keys.",
  })
  idempotencyKey?: string;
}

/** Returns the inputs of a run. @throws {@link AppError} BAD_USER_INPUT for a value that is no object. */
export function dataOf(data: unknown, field = "data"): Record<string, unknown> {
  if (typeof data === "object" && data !== null && !Array.isArray(data)) return data as Record<string, unknown>;
  const message = `${field.split(".").at(-1)} must be an object.`;
  throw fieldError("BAD_USER_INPUT", field, message);
}

const overridable = OVERRIDABLE.map(snakeCase);
/** Values to change in a job. */
export const UpdateJobInput = inputOf(Job, {
  fields: ["enabled", ...overridable, ...overridable.map((name) => `${name}_override`), "tags", "_custom_field_data"],
  isNew: false,
});
// Their names in an older release.
Field(() => [String], { nullable: true, description: "The same as `job_queues`." })(UpdateJobInput.prototype, "taskQueues");
Field(() => Boolean, { nullable: true, description: "The same as `job_queues_override`." })(
  UpdateJobInput.prototype,
  "taskQueuesOverride",
);

/** Jobs: to run, to change, to bring in step with their source. */
@Resolver()
export class JobMutations {
  @Mutation(() => JobResult, {
    description:
      "Runs a job. Answers as soon as the run is recorded; the `job_log_entries` subscription follows it. A run that needs an approval waits for it, with `waiting_reason` `AWAITING_APPROVAL`; its `scheduled_job` is the request. `schedule_job` runs a job later or repeatedly.",
  })
  async runJob(
    @Args(() => RunJobArgs) args: RunJobArgs,
    @Ctx() { reader, runner, viewer, author }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    const { data, dryrun, consoleLog, jobQueue, ignoreSingletonLock, idempotencyKey } = args;
    const id = await runner.run(await author(), {
      job: referenceOf(args),
      data: dataOf(data ?? {}),
      dryRun: dryrun ?? undefined,
      consoleLog: consoleLog ?? undefined,
      jobQueue: jobQueue ?? undefined,
      ignoreSingletonLock: ignoreSingletonLock ?? undefined,
      idempotencyKey: idempotencyKey ?? undefined,
      userId: viewer.id,
    });
    return readChanged(reader, info, JOB_RESULT, id);
  }

  @Mutation(() => Job, {
    description:
      "Updates a job. A value overrides the field until it is reverted. `…_override: false` reverts the field to the job's source; `…_override: true` keeps its current value.",
  })
  async updateJob(
    @Args(() => JobReferenceArgs) args: JobReferenceArgs,
    @Arg("data", () => UpdateJobInput, { description: "Values to change." }) data: Data,
    @Arg("ifUnmodifiedSince", () => DateTime, UNMODIFIED_SINCE) unmodifiedSince: Date | undefined,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    return changeOne(args, unmodifiedSince, context, info, (unit, job) => changeJob(unit, job, data));
  }

  @Mutation(() => Job, { description: "Reverts overridden fields of a job to its source." })
  async revertJobOverrides(
    @Args(() => JobReferenceArgs) args: JobReferenceArgs,
    @Arg("fields", () => [JobOverridableField], {
      nullable: true,
      description: "Fields to revert; all overridden fields when absent.",
    })
    fields: readonly OverridableField[] | undefined,
    @Arg("ifUnmodifiedSince", () => DateTime, UNMODIFIED_SINCE) unmodifiedSince: Date | undefined,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    return changeOne(args, unmodifiedSince, context, info, (unit, job) => revertJob(unit, job, fields ?? undefined));
  }

  @Mutation(() => Job, {
    description:
      "Deletes a job whose source is no longer installed, with its hooks and buttons. Its runs and schedules stay. Answers with the job before the deletion.",
  })
  async deleteJob(
    @Arg("id", () => ID, { description: "Primary key." }) id: string,
    @Arg("ifUnmodifiedSince", () => DateTime, UNMODIFIED_SINCE) unmodifiedSince: Date | undefined,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    return deleteOne(Job, id, unmodifiedSince, context, info);
  }
}

/** Changes the named job. Keeps nothing if the result is invalid. */
async function changeOne(
  args: JobReferenceArgs,
  unmodifiedSince: Date | undefined,
  { reader, change }: Context,
  info: GraphQLResolveInfo,
  work: (unit: Unit, job: Job) => Promise<ErrorDetail[]>,
): Promise<Row> {
  const reference = referenceOf(args);
  const { id } = await change(async (unit) => {
    const job = await holdOne(unit, Job, jobCondition(reference), describeReference(reference), unmodifiedSince);
    refuse(await work(unit, job));
    return job;
  });
  return readChanged(reader, info, JOB, id);
}

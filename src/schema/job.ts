import type { GraphQLResolveInfo } from "graphql";
import {
  Arg,
  Args,
  ArgsType,
  Ctx,
  Extensions,
  Field,
  FieldResolver,
  ID,
  Info,
  InputType,
  Mutation,
  Resolver,
  Root,
} from "type-graphql";
import { Job, JobResult } from "../entities/index.ts";
import { GenericScalar } from "../entities/scalars.ts";
import { shapeOf } from "../entities/shape.ts";
import { AppError } from "../errors.ts";
import { describeReference, jobCondition } from "../runner/index.ts";
import type { Context } from "./context.ts";
import { readRows, type Row } from "./list.ts";
import { modelResolver } from "./model-resolver.ts";
import { type ComputedField, selectedColumns } from "./selection.ts";

/** Exactly one of the three names a job. */
@ArgsType()
class JobReferenceArgs {
  @Field(() => ID, { nullable: true, description: "Primary key of the job. Give this, `class_path` or `name`." })
  id?: string;

  @Field(() => String, { nullable: true, description: "`module_name.job_class_name` of the job." })
  classPath?: string;

  @Field(() => String, { nullable: true, description: "Name of the job." })
  name?: string;
}

@ArgsType()
class RunJobArgs extends JobReferenceArgs {
  @Field(() => GenericScalar, { nullable: true, description: "Inputs: an object that fits the job's `variables_schema`." })
  data?: Record<string, unknown>;

  @Field(() => Boolean, { nullable: true, description: "Whether to change nothing; the job's `dryrun_default` when absent." })
  dryrun?: boolean;
}

@InputType({ description: "What to change of a job. A field that is not given stays as it is." })
class UpdateJobInput {
  @Field(() => Boolean, { nullable: true, description: "Whether the job may be run." })
  enabled?: boolean;
}

/** GraphQL knows null; the code knows only absence. */
const reference = ({ id, classPath, name }: JobReferenceArgs) => ({
  id: id ?? undefined,
  classPath: classPath ?? undefined,
  name: name ?? undefined,
});

const JOB = shapeOf(Job);
const JOB_RESULT = shapeOf(JobResult);

/** Jobs: to read, to run, to change. */
@Resolver(() => Job)
export class JobResolver extends modelResolver(Job, { one: "job", many: "jobs" }) {
  @Extensions({ needs: ["module_name", "job_class_name"] } satisfies ComputedField)
  @FieldResolver(() => String, { description: "`module_name.job_class_name`: what names the job's code." })
  classPath(@Root() row: Row): string {
    return `${row["module_name"]}.${row["job_class_name"]}`;
  }

  @Mutation(() => JobResult, {
    description: "Runs a job. Answers as soon as the run is recorded; follow it with the `job_log_entries` subscription.",
  })
  async runJob(
    @Args(() => RunJobArgs) args: RunJobArgs,
    @Ctx() { database, runner, viewer }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    const { data = {}, dryrun } = args;
    if (typeof data !== "object" || data === null || Array.isArray(data)) {
      const message = "data must be an object.";
      throw new AppError("BAD_USER_INPUT", message, [{ field: "data", message }]);
    }
    const id = await runner.enqueue({ job: reference(args), data, dryRun: dryrun ?? undefined, userId: viewer.id });
    return (await readRows(database, JOB_RESULT, selectedColumns(info, JOB_RESULT), {}, { column: "id", values: [id] }))[0]!;
  }

  @Mutation(() => Job, { description: "Changes a job." })
  async updateJob(
    @Args(() => JobReferenceArgs) args: JobReferenceArgs,
    @Arg("data", () => UpdateJobInput, { description: "What to change." }) { enabled }: UpdateJobInput,
    @Ctx() { database }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    const em = database.fork();
    const job = await em.findOne(Job, jobCondition(reference(args)));
    if (!job) throw new AppError("NOT_FOUND", `There is no job with ${describeReference(reference(args))}.`);
    if (enabled && !job.installed) {
      throw new AppError("JOB_NOT_INSTALLED", `The source of the job "${job.name}" is not installed, so it cannot be enabled.`);
    }
    if (enabled != null) job.enabled = enabled;
    await em.flush();
    return (await readRows(database, JOB, selectedColumns(info, JOB), {}, { column: "id", values: [job.id] }))[0]!;
  }
}

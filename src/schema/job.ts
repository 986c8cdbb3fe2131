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
import { GitRepository, Job, JobQueue, JobResult } from "../entities/index.ts";
import { GenericScalar } from "../entities/scalars.ts";
import { shapeOf } from "../entities/shape.ts";
import { AppError } from "../errors.ts";
import { describeReference, jobCondition } from "../runner/index.ts";
import type { Context } from "./context.ts";
import { readLists, readOne, type Row } from "./list.ts";
import { lookup } from "./lookup.ts";
import { namedResolver } from "./named-resolver.ts";
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
const JOB_QUEUE = shapeOf(JobQueue);
const JOB_RESULT = shapeOf(JobResult);
const RUNS = JOB.many.get("job_results")!;
const QUEUES = JOB.many.get("job_queues")!;

const repositoryBySlug = lookup(GitRepository, "slug");

/** Jobs: to read, to run, to change. */
@Resolver(() => Job)
export class JobResolver extends namedResolver(Job, {
  one: "job",
  many: "jobs",
  key: ["module_name", "job_class_name"],
  display: { needs: ["name"], of: (row) => row["name"] as string },
}) {
  @Extensions({ needs: ["module_name", "job_class_name"] } satisfies ComputedField)
  @FieldResolver(() => String, { description: "`module_name.job_class_name`: what names the job's code." })
  classPath(@Root() row: Row): string {
    return `${row["module_name"]}.${row["job_class_name"]}`;
  }

  @Extensions({ needs: ["description"] } satisfies ComputedField)
  @FieldResolver(() => String, { description: "The first line of `description`, for lists." })
  descriptionFirstLine(@Root() row: Row): string {
    return (row["description"] as string).split(/\r?\n/, 1)[0]!;
  }

  @Extensions({ needs: ["enabled", "installed", "has_sensitive_variables", "approval_required"] } satisfies ComputedField)
  @FieldResolver(() => Boolean, {
    description:
      "True when the job can be asked for: installed, enabled, and not in need of an approval that sensitive inputs rule out.",
  })
  runnable(@Root() row: Row): boolean {
    return Boolean(row["enabled"] && row["installed"] && !(row["has_sensitive_variables"] && row["approval_required"]));
  }

  @FieldResolver(() => JobResult, { nullable: true, description: "The job's newest run; null before the first." })
  async latestResult(@Root() row: Row, @Ctx() { relations }: Context, @Info() info: GraphQLResolveInfo): Promise<Row | null> {
    const [newest] = await relations.many(RUNS, row, { limit: 1 }, info);
    return newest ?? null;
  }

  @Extensions({ needs: ["module_name"] } satisfies ComputedField)
  @FieldResolver(() => GitRepository, {
    nullable: true,
    description: "The Git repository that the job comes from; null for none.",
  })
  gitRepository(@Root() row: Row, @Ctx() context: Context, @Info() info: GraphQLResolveInfo): Promise<Row | null> {
    return repositoryBySlug((row["module_name"] as string).split(".", 1)[0]!, context, info);
  }

  @FieldResolver(() => [String], { nullable: true, description: "Names of `job_queues`, as older clients know them." })
  taskQueues(@Root() row: Row, @Ctx() { database, relations }: Context, @Info() info: GraphQLResolveInfo): Promise<string[]> {
    return relations.batch(row.id, info, async (ids) => {
      const lists = await readLists(database, JOB_QUEUE, ["name"], {}, { relation: QUEUES, ids });
      return lists.map((queues) => queues.map((queue) => queue["name"] as string));
    });
  }

  @Extensions({ needs: ["job_queues_override"] } satisfies ComputedField)
  @FieldResolver(() => Boolean, { description: "The same as `job_queues_override`, as older clients know it." })
  taskQueuesOverride(@Root() row: Row): boolean {
    return Boolean(row["job_queues_override"]);
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
    return (await readOne(database, JOB_RESULT, selectedColumns(info, JOB_RESULT), id))!;
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
    return (await readOne(database, JOB, selectedColumns(info, JOB), job.id))!;
  }
}

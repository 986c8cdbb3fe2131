import type { GraphQLResolveInfo } from "graphql";
import { sql } from "kysely";
import { Arg, Ctx, Extensions, Field, FieldResolver, Info, Mutation, ObjectType, Resolver, Root } from "type-graphql";
import { changeJob, type Data, differencesOf, refuse, type Unit } from "../../../changes/index.ts";
import { contentTypeLabel } from "../../../entities/content-types.ts";
import { Job } from "../../../entities/index.ts";
import { GenericScalar } from "../../../entities/mapping/scalars.ts";
import { shapeOf } from "../../../entities/mapping/shape.ts";
import { AppError, type ErrorDetail } from "../../../errors.ts";
import { within } from "../../reading/condition.ts";
import type { Context } from "../../context.ts";
import { UpdateJobInput } from "./job-mutations.ts";
import { type ListArguments, type ListField, readFilters, type SizedField } from "../../reading/list-arguments.ts";
import { readRows, type Row } from "../../reading/list.ts";
import { Given } from "../../model/model-resolver.ts";
import { mustSayWhich } from "../../model/must-say-which.ts";
import { selectedColumns } from "../../reading/selection.ts";

const JOB = shapeOf(Job);

/** An error of one field. */
@ObjectType({ description: "An error of one field of the input." })
class FieldError {
  @Field(() => String, { description: "Dotted path of the field, as in the request." })
  field!: string;

  @Field(() => String, { description: "The error, as a sentence." })
  message!: string;
}

/** The outcome for one job of many. */
@ObjectType({ description: "The outcome for one job." })
class JobUpdateOutcome {
  jobId!: string;

  @Field(() => Boolean, { description: "True when the change differs from the job's current values." })
  changed!: boolean;

  @Field(() => GenericScalar, {
    nullable: true,
    description: "The differences: `{ removed, added }` with the old and the new values of fields; null for none.",
  })
  differences!: unknown;

  @Field(() => [FieldError], { description: "The errors of the job; empty when it can be changed." })
  errors!: readonly ErrorDetail[];
}

/** The outcome of a change of many jobs. */
@ObjectType({ description: "The outcome of a change of many jobs: all are changed, or none is." })
class UpdateJobsPayload {
  @Field(() => Boolean, { description: "True when the jobs are changed; false for a dry run, and after errors." })
  applied!: boolean;

  @Field(() => [JobUpdateOutcome], { description: "The outcome for each job." })
  outcomes!: JobUpdateOutcome[];
}

/** The outcome for one job. */
@Resolver(() => JobUpdateOutcome)
export class JobUpdateOutcomeResolver {
  @FieldResolver(() => Job, { description: "The job." })
  job(
    @Root() { jobId }: JobUpdateOutcome,
    @Ctx() { relations }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row | null> | null {
    return relations.one(Job, jobId, info);
  }
}

/** Many jobs at once. */
@Resolver()
export class JobsMutations {
  @Extensions({ listOf: Job, as: "filters" } satisfies ListField)
  @Mutation(() => UpdateJobsPayload, {
    description: "Changes every job that the filters find, in one transaction. If one job cannot be changed, none is.",
  })
  async updateJobs(
    @Given() args: ListArguments,
    @Arg("data", () => UpdateJobInput, { description: "Values to change in each job, as in `update_job`." }) data: Data,
    @Arg("dryRun", () => Boolean, { defaultValue: false, description: "True to check the change without making it." })
    dryRun: boolean,
    @Ctx() { reader, scope, viewer, tryChange }: Context,
  ): Promise<UpdateJobsPayload> {
    mustSayWhich(JOB, args, "Say which jobs", "id");
    const where = await readFilters(reader, JOB, args, viewer.id);
    const found = await readRows(reader, JOB, ["id"], { where, most: scope.maxPageSize });
    const ids = found.map(({ id }) => id);
    const errors = new Map<string, readonly ErrorDetail[]>();
    const attempt = async (unit: Unit) => {
      for (const job of await unit.hold(Job, { id: ids }))
        await changeJob(unit, job, data)
          .then(refuse)
          .catch((error: unknown) => errors.set(job.id, detailsOf(error)));
      if (errors.size > 0) throw new Refused();
    };
    const done = await tryChange(attempt, dryRun).catch((error: unknown) => {
      if (error instanceof Refused) return undefined;
      throw error;
    });
    const changes = new Map(done?.changes.map((change) => [change.changedObjectId, change]));
    const outcomes = ids.map((jobId) => {
      const change = changes.get(jobId);
      const differences = change ? differencesOf(change.prechange, change.objectDataV2) : null;
      return { jobId, changed: change !== undefined, differences, errors: errors.get(jobId) ?? [] };
    });
    return { applied: done !== undefined && !dryRun, outcomes };
  }

  @Extensions({ sizedBy: Job } satisfies SizedField)
  @Mutation(() => [Job], {
    description:
      "Reads all job files again. Answers with new jobs, changed jobs, and jobs whose file does not load; `load_error` has the reason. `job_files` also lists files without jobs.",
  })
  async refreshJobs(@Ctx() { reader, runner, author, viewer }: Context, @Info() info: GraphQLResolveInfo): Promise<Row[]> {
    const changes = await runner.refreshJobs(await author());
    const ids = changes
      .filter(({ changedObjectType }) => changedObjectType.label === JOBS)
      .map((change) => change.changedObjectId);
    const doNotLoad = await readFilters(reader, JOB, { load_error__isnull: false }, viewer.id);
    const broken = await readRows(reader, JOB, ["id"], { where: doNotLoad });
    const told = [...new Set([...ids, ...broken.map(({ id }) => id)])];
    if (told.length === 0) return [];
    return readRows(reader, JOB, selectedColumns(info, JOB), {
      where: [() => within(reader, sql.ref(`${JOB.table}.id`), told, "uuid")],
    });
  }
}

const JOBS = contentTypeLabel(Job);

/** Keeps nothing of a change of many jobs: some cannot be changed so. */
class Refused extends Error {}

/** Returns the errors of one job by field. Any other error ends the change. */
function detailsOf(error: unknown): readonly ErrorDetail[] {
  if (error instanceof AppError && error.details.length > 0) return error.details;
  throw error;
}

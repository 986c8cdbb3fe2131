import type { GraphQLResolveInfo } from "graphql";
import { sql } from "kysely";
import { Arg, Ctx, Extensions, Field, FieldResolver, Info, Mutation, ObjectType, Resolver, Root } from "type-graphql";
import { mustKeepApproval } from "../../../access/approve.ts";
import { changeJob, type Data, differencesOf, type Unit } from "../../../changes/index.ts";
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

/** What is wrong with one field. */
@ObjectType({ description: "What is wrong with one field of the input." })
class FieldError {
  @Field(() => String, { description: "Dotted path of the field, as you wrote it." })
  field!: string;

  @Field(() => String, { description: "What is wrong with it, as a sentence." })
  message!: string;
}

/** What came of one job of many. */
@ObjectType({ description: "What came of one job of those that were to be changed." })
class JobUpdateOutcome {
  jobId!: string;

  @Field(() => Boolean, { description: "True when the job differs by the change, or would if the change were kept." })
  changed!: boolean;

  @Field(() => GenericScalar, {
    nullable: true,
    description: "How it differs: `{ removed, added }` with the old and the new values of its fields; null when it does not.",
  })
  differences!: unknown;

  @Field(() => [FieldError], { description: "Why the job cannot be changed so; empty when it can." })
  errors!: readonly ErrorDetail[];
}

/** What came of a change of many jobs. */
@ObjectType({ description: "What came of a change of many jobs: it is kept for all of them, or for none." })
class UpdateJobsPayload {
  @Field(() => Boolean, { description: "True when the change is kept; false for a dry run, and when there are errors." })
  applied!: boolean;

  @Field(() => [JobUpdateOutcome], { description: "What came of each job." })
  outcomes!: JobUpdateOutcome[];
}

/** What came of one job. */
@Resolver(() => JobUpdateOutcome)
export class JobUpdateOutcomeResolver {
  @FieldResolver(() => Job, { description: "The job, as it is now." })
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
    description: "Changes every job that the filters find, in one transaction: when one of them cannot be changed so, none is.",
  })
  async updateJobs(
    @Given() args: ListArguments,
    @Arg("data", () => UpdateJobInput, { description: "What to change of each; see `update_job`." }) data: Data,
    @Arg("dryRun", () => Boolean, { defaultValue: false, description: "Tell what would come of it, and change nothing." })
    dryRun: boolean,
    @Ctx() { database, scope, viewer, tryChange }: Context,
  ): Promise<UpdateJobsPayload> {
    mustSayWhich(JOB, args, "Say which jobs", "id");
    const where = await readFilters(database, JOB, args, viewer.id);
    const found = await readRows(database, JOB, ["id"], { where, most: scope.maxPageSize });
    const ids = found.map(({ id }) => id);
    const errors = new Map<string, readonly ErrorDetail[]>();
    const attempt = async (unit: Unit) => {
      for (const job of await unit.hold(Job, { id: ids })) {
        const { approvalRequired } = job;
        const wrong = await changeJob(unit, job, data).catch(detailsOf);
        mustKeepApproval(viewer, approvalRequired, job.approvalRequired);
        if (wrong.length > 0) errors.set(job.id, wrong);
      }
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
      "Reads every job file anew, as a start of the server does. Answers with the jobs that are new or have changed, and with those whose file does not load: `load_error` says why. `job_files` has the files without jobs, too.",
  })
  async refreshJobs(@Ctx() { database, runner, author, viewer }: Context, @Info() info: GraphQLResolveInfo): Promise<Row[]> {
    const changes = await runner.refreshJobs(await author());
    const ids = changes
      .filter(({ changedObjectType }) => changedObjectType.label === JOBS)
      .map((change) => change.changedObjectId);
    const doNotLoad = await readFilters(database, JOB, { load_error__isnull: false }, viewer.id);
    const broken = await readRows(database, JOB, ["id"], { where: doNotLoad });
    const told = [...new Set([...ids, ...broken.map(({ id }) => id)])];
    if (told.length === 0) return [];
    return readRows(database, JOB, selectedColumns(info, JOB), {
      where: [() => within(database, sql.ref(`${JOB.table}.id`), told, "uuid")],
    });
  }
}

const JOBS = contentTypeLabel(Job);

/** Keeps nothing of a change of many jobs: some cannot be changed so. */
class Refused extends Error {}

/** What the caller did wrong, told field by field. */
function detailsOf(error: unknown): readonly ErrorDetail[] {
  if (error instanceof AppError) return error.details;
  throw error;
}

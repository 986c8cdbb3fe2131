import type { GraphQLResolveInfo } from "graphql";
import { Arg, Ctx, Extensions, Field, FieldResolver, Info, Mutation, ObjectType, Resolver, Root } from "type-graphql";
import { JobResult } from "../../../entities/index.ts";
import { GenericScalar, ID } from "../../../entities/mapping/scalars.ts";
import { shapeOf } from "../../../entities/mapping/shape.ts";
import { AppError } from "../../../errors.ts";
import type { Context } from "../../context.ts";
import { dataOf } from "../job/job-mutations.ts";
import { type ListArguments, type ListField, readFilters } from "../../reading/list-arguments.ts";
import { readRows, type Row } from "../../reading/list.ts";
import { Given } from "../../model/model-resolver.ts";
import { mustSayWhich } from "../../model/must-say-which.ts";
import { readChanged } from "../../model/read-changed.ts";

const JOB_RESULT = shapeOf(JobResult);
const REASON = { nullable: true, description: "Why, for whoever reads the log of the run and its `cancel_reason`." } as const;

/** What came of one run of many. */
@ObjectType({ description: "What came of one run of those that were to be canceled." })
class JobResultCancelOutcome {
  jobResultId!: string;

  @Field(() => Boolean, {
    description: "True when the run is canceled: it has ended, or ends as soon as its worker has ended it.",
  })
  canceled!: boolean;

  @Field(() => String, {
    nullable: true,
    description: "Code of the error that `cancel_job_result` would have answered with; null for none.",
  })
  code!: string | null;

  @Field(() => String, { nullable: true, description: "Why the run is not canceled, as a sentence; null when it is." })
  message!: string | null;
}

/** What came of the cancellation of many runs. */
@ObjectType({ description: "What came of the cancellation of many runs, each by itself." })
class CancelJobResultsPayload {
  @Field(() => [JobResultCancelOutcome], { description: "What came of each run that the filters found, newest first." })
  outcomes!: JobResultCancelOutcome[];
}

/** What came of one run. */
@Resolver(() => JobResultCancelOutcome)
export class JobResultCancelOutcomeResolver {
  @FieldResolver(() => JobResult, { nullable: true, description: "The run, as it is now; null when it is deleted by now." })
  jobResult(
    @Root() { jobResultId }: JobResultCancelOutcome,
    @Ctx() { relations }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row | null> | null {
    return relations.one(JobResult, jobResultId, info);
  }
}

/** Runs: to cancel, to repeat. */
@Resolver()
export class RunMutations {
  @Mutation(() => JobResult, {
    description:
      "Cancels a run. One that waits is `REVOKED` at once and never started; one that runs is told, then ended, and is `REVOKED` after its last line, while its `date_canceled` says from now on that it will be. A second time changes nothing. A run that has ended is refused as `NOT_CANCELABLE`.",
  })
  async cancelJobResult(
    @Arg("id", () => ID, { description: "Primary key of the run." }) id: string,
    @Arg("reason", () => String, REASON) reason: string | null | undefined,
    @Ctx() { database, runner, viewer }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    await runner.cancel({ id, reason: reason ?? "", by: { userId: viewer.id, username: viewer.username } });
    return readChanged(database, info, JOB_RESULT, id);
  }

  @Extensions({ listOf: JobResult, as: "filters" } satisfies ListField)
  @Mutation(() => CancelJobResultsPayload, {
    description:
      "Cancels every run that the filters find, newest first, each as `cancel_job_result` does: what cannot be canceled keeps none of the others.",
  })
  async cancelJobResults(
    @Given() args: ListArguments,
    @Arg("reason", () => String, REASON) reason: string | null | undefined,
    @Ctx() { database, scope, runner, viewer }: Context,
  ): Promise<CancelJobResultsPayload> {
    mustSayWhich(JOB_RESULT, args, "Say which runs", "status");
    const where = await readFilters(database, JOB_RESULT, args, viewer.id);
    // The newest first, so that none is started because one before it is ended.
    const found = await readRows(database, JOB_RESULT, ["id"], { where, most: scope.maxPageSize });
    const by = { userId: viewer.id, username: viewer.username };
    const outcomes: JobResultCancelOutcome[] = [];
    for (const { id } of found) {
      const refusal = await runner.cancel({ id, reason: reason ?? "", by }).then(() => null, asRefusal);
      const { code = null, message = null } = refusal ?? {};
      outcomes.push({ jobResultId: id, canceled: refusal === null, code, message });
    }
    return { outcomes };
  }

  @Mutation(() => JobResult, {
    description:
      "Runs a job again with the inputs and options of an earlier run, as a new run that refers to it. It passes the same checks as `run_job`.",
  })
  async rerunJobResult(
    @Arg("id", () => ID, { description: "Primary key of the earlier run." }) jobResultId: string,
    @Arg("data", () => GenericScalar, {
      nullable: true,
      description: "Inputs that are to differ: each takes the place of the one of its name, the others are taken over.",
    })
    data: unknown,
    @Ctx() { database, runner, viewer }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    const changed = data === null || data === undefined ? undefined : dataOf(data);
    const id = await runner.rerun({ jobResultId, data: changed, userId: viewer.id });
    return readChanged(database, info, JOB_RESULT, id);
  }
}

/** What the caller did wrong; anything else ends the whole. */
function asRefusal(error: unknown): AppError {
  if (error instanceof AppError) return error;
  throw error;
}

import type { GraphQLResolveInfo } from "graphql";
import { Arg, Ctx, Extensions, Field, FieldResolver, Info, Mutation, ObjectType, Resolver, Root } from "type-graphql";
import type { Viewer } from "../../../access/authenticate.ts";
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
const REASON = { nullable: true, description: "Reason, for the log of the run and its `cancel_reason`." } as const;

/** The outcome for one run of many. */
@ObjectType({ description: "The outcome for one run." })
class JobResultCancelOutcome {
  jobResultId!: string;

  @Field(() => Boolean, {
    description: "True when the run has ended as canceled, or will end so.",
  })
  canceled!: boolean;

  @Field(() => String, {
    nullable: true,
    description: "Code of the error; null for none.",
  })
  code!: string | null;

  @Field(() => String, { nullable: true, description: "The reason why the run is not canceled, as a sentence; null when it is." })
  message!: string | null;
}

/** The outcome of a cancel of many runs. */
@ObjectType({ description: "The outcome of a cancel of many runs." })
class CancelJobResultsPayload {
  @Field(() => [JobResultCancelOutcome], { description: "The outcome for each run that the filters found, newest first." })
  outcomes!: JobResultCancelOutcome[];
}

/** The outcome for one run. */
@Resolver(() => JobResultCancelOutcome)
export class JobResultCancelOutcomeResolver {
  @FieldResolver(() => JobResult, { nullable: true, description: "The run; null once it is deleted." })
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
      "Cancels a run. A waiting run is `REVOKED` at once. A run under way has `date_canceled` from now on, is asked to stop, then ended, and is `REVOKED` after its last line. A second cancel changes nothing. An ended run is rejected with `NOT_CANCELABLE`.",
  })
  async cancelJobResult(
    @Arg("id", () => ID, { description: "Primary key of the run." }) id: string,
    @Arg("reason", () => String, REASON) reason: string | null | undefined,
    @Ctx() { reader, runner, viewer }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    await runner.cancel({ id, reason: reason ?? "", by: cancelerOf(viewer) });
    return readChanged(reader, info, JOB_RESULT, id);
  }

  @Extensions({ listOf: JobResult, as: "filters" } satisfies ListField)
  @Mutation(() => CancelJobResultsPayload, {
    description:
      "Cancels every run that the filters find, newest first, each like `cancel_job_result`. Runs that cannot be canceled do not affect the others.",
  })
  async cancelJobResults(
    @Given() args: ListArguments,
    @Arg("reason", () => String, REASON) reason: string | null | undefined,
    @Ctx() { reader, scope, runner, viewer }: Context,
  ): Promise<CancelJobResultsPayload> {
    mustSayWhich(JOB_RESULT, args, "Say which runs", "status");
    const where = await readFilters(reader, JOB_RESULT, args, viewer.id);
    // The newest first, so that none is started because one before it is ended.
    const found = await readRows(reader, JOB_RESULT, ["id"], { where, most: scope.maxPageSize });
    const by = cancelerOf(viewer);
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
      "Runs a job again with the inputs and options of an earlier run. The new run refers to the earlier one, and passes the same checks as `run_job`.",
  })
  async rerunJobResult(
    @Arg("id", () => ID, { description: "Primary key of the earlier run." }) jobResultId: string,
    @Arg("data", () => GenericScalar, {
      nullable: true,
      description: "Inputs to replace, by name. All others are those of the earlier run.",
    })
    data: unknown,
    @Ctx() { reader, runner, viewer }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    const changed = data === null || data === undefined ? undefined : dataOf(data);
    const id = await runner.rerun({ jobResultId, data: changed, userId: viewer.id, rights: viewer.rights });
    return readChanged(reader, info, JOB_RESULT, id);
  }
}

const cancelerOf = ({ id, username, rights }: Viewer) => ({ userId: id, username, rights });

/** Returns the error of the caller. Any other error ends the mutation. */
function asRefusal(error: unknown): AppError {
  if (error instanceof AppError) return error;
  throw error;
}

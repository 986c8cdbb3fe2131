import type { GraphQLResolveInfo } from "graphql";
import { Ctx, Extensions, Field, FieldResolver, Info, ObjectType, Resolver, Root } from "type-graphql";
import type { JobResultStatus } from "../../../entities/choices.ts";
import { readFailure } from "../../../entities/failure.ts";
import { JobResult } from "../../../entities/index.ts";
import type { Context } from "../../context.ts";
import type { Row } from "../../reading/list.ts";
import type { ComputedField } from "../../reading/selection.ts";

/** The error of a run. Its source is the run's row. */
@ObjectType("JobResultErrorType", { description: "The reason why a run failed.", simpleResolvers: true })
class JobResultError {
  @Field(() => String, { description: "Name of the error, such as `TypeError`." })
  type!: string;

  @Field(() => String, { description: "Message of the error." })
  message!: string;

  @Field(() => String, {
    nullable: true,
    description:
      "Stack of the error, with its causes, the errors that it gathers, and its properties; null when the job's code is not at fault.",
  })
  traceback!: string | null;
}

const KEPT = { needs: ["result"] } satisfies ComputedField;

/** The parts of an error that `result` keeps. */
@Resolver(() => JobResultError)
export class JobResultErrorPartsResolver {
  @Extensions(KEPT)
  @FieldResolver()
  type(@Root() row: Row): string {
    return readFailure(row["result"]).type;
  }

  @Extensions(KEPT)
  @FieldResolver()
  message(@Root() row: Row): string {
    return readFailure(row["result"]).message;
  }
}

/** Errors of runs. They are read apart from the runs, as the results of other runs may be long. */
@Resolver(() => JobResult)
export class JobResultErrorResolver {
  @Extensions({ needs: ["status", "attempt"] } satisfies ComputedField)
  @FieldResolver(() => JobResultError, {
    nullable: true,
    description:
      "The reason why the run failed or was canceled, or why its last attempt failed while another waits or runs; otherwise null.",
  })
  error(@Root() row: Row, @Ctx() { relations }: Context, @Info() info: GraphQLResolveInfo): Promise<Row | null> | null {
    return relations.one(JobResult, hasFailed(row) ? row.id : null, info);
  }
}

/** Tells whether `result` of a run is a failure: its own, or that of its last attempt. */
function hasFailed({ status, attempt }: Row & { status?: JobResultStatus; attempt?: number | null }): boolean {
  if (status === "SUCCESS") return false;
  if (status === "FAILURE" || status === "REVOKED") return true;
  const ended = (attempt ?? 0) - (status === "STARTED" ? 1 : 0);
  return ended > 0;
}

import type { GraphQLResolveInfo } from "graphql";
import { Arg, Ctx, ID, Info, Mutation, Resolver } from "type-graphql";
import { mustApprove, mustTakeBack } from "../access/approve.ts";
import { JobResult, ScheduledJob } from "../entities/index.ts";
import { DateTime } from "../entities/scalars.ts";
import { shapeOf } from "../entities/shape.ts";
import { AppError } from "../errors.ts";
import type { Context } from "./context.ts";
import { readOne, type Row } from "./list.ts";
import { selectedColumns } from "./selection.ts";

const SCHEDULED_JOB = shapeOf(ScheduledJob);
const JOB_RESULT = shapeOf(JobResult);
const ID_ARGUMENT = { description: "Primary key of the schedule." } as const;
const COMMENT = { nullable: true, description: "What there is to say about it; kept with the decision." } as const;
const SEEN = {
  nullable: true,
  description:
    "The `date_changed` that you have seen: when the schedule has changed since, it is left alone and the answer is `CONFLICT`. Give it, so that you decide on nothing else.",
} as const;

/** What is decided, by whom it may be. */
interface Decided {
  state: "ACTIVE" | "CANCELED" | "DENIED";
  comment?: string | null | undefined;
  unmodifiedSince?: Date | null | undefined;
  check: typeof mustApprove;
}

/** Decisions on schedules that wait for an approval. */
@Resolver()
export class ApprovalMutations {
  @Mutation(() => ScheduledJob, {
    description:
      "Approves a schedule that is `PENDING`, for just what it is now: its next time is its first one, and what is to be run at once is run. For staff and superusers, but not for who asks. Whatever changes of what would be run sends it back to `PENDING`.",
  })
  approveScheduledJob(
    @Arg("id", () => ID, ID_ARGUMENT) id: string,
    @Arg("comment", () => String, COMMENT) comment: string | null | undefined,
    @Arg("ifUnmodifiedSince", () => DateTime, SEEN) unmodifiedSince: Date | null | undefined,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    return decide(context, info, id, { state: "ACTIVE", comment, unmodifiedSince, check: mustApprove });
  }

  @Mutation(() => ScheduledJob, {
    description: "Refuses to approve a schedule that is `PENDING`. For staff and superusers, but not for who asks.",
  })
  denyScheduledJob(
    @Arg("id", () => ID, ID_ARGUMENT) id: string,
    @Arg("comment", () => String, COMMENT) comment: string | null | undefined,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    return decide(context, info, id, { state: "DENIED", comment, check: mustApprove });
  }

  @Mutation(() => ScheduledJob, {
    description: "Takes a schedule back that is `PENDING`. For who asks, staff and superusers.",
  })
  cancelScheduledJob(
    @Arg("id", () => ID, ID_ARGUMENT) id: string,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    return decide(context, info, id, { state: "CANCELED", check: mustTakeBack });
  }

  @Mutation(() => JobResult, {
    description:
      "Runs the job of a scheduled job as a dry run, with its inputs, as you: to see what would come of it. For those who may approve it, where the job supports dry runs.",
  })
  async dryRunScheduledJob(
    @Arg("id", () => ID, ID_ARGUMENT) id: string,
    @Ctx() { database, runner, viewer }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    const resultId = await runner.dryRunSchedule(id, viewer.id, (requesterId) => mustApprove(viewer, requesterId));
    return (await readOne(database, JOB_RESULT, selectedColumns(info, JOB_RESULT), resultId))!;
  }
}

async function decide(
  { database, runner, viewer, author }: Context,
  info: GraphQLResolveInfo,
  id: string,
  { state, comment, unmodifiedSince, check }: Decided,
): Promise<Row> {
  const by = await author();
  // Otherwise whoever can have an approver run a job could have it approve what they ask for.
  if (by.context !== "WEB") throw new AppError("FORBIDDEN", "People decide on what is asked for, and no job does.");
  await runner.decideSchedule(by, id, {
    state,
    comment: comment ?? "",
    unmodifiedSince: unmodifiedSince ?? undefined,
    check: (requesterId) => check(viewer, requesterId),
  });
  return (await readOne(database, SCHEDULED_JOB, selectedColumns(info, SCHEDULED_JOB), id))!;
}

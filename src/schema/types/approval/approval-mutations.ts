import type { GraphQLResolveInfo } from "graphql";
import { Arg, Ctx, Info, Mutation, Resolver } from "type-graphql";
import { type Author, refuse } from "../../../changes/index.ts";
import { JobResult, ScheduledJob } from "../../../entities/index.ts";
import { DateTime, ID } from "../../../entities/mapping/scalars.ts";
import { shapeOf } from "../../../entities/mapping/shape.ts";
import { AppError } from "../../../errors.ts";
import type { Context } from "../../context.ts";
import type { Row } from "../../reading/list.ts";
import { readChanged } from "../../model/read-changed.ts";

const SCHEDULED_JOB = shapeOf(ScheduledJob);
const JOB_RESULT = shapeOf(JobResult);
const ID_ARGUMENT = { description: "Primary key of the schedule." } as const;
const COMMENT = { nullable: true, description: "Comment, kept with the decision." } as const;
const SEEN = {
  nullable: true,
  description:
    "The `date_changed` that you have read. If the schedule has changed since, the answer is `CONFLICT` and nothing changes. Give it, so that you decide only on the content that you have seen.",
} as const;

const STAGE = {
  nullable: true,
  description:
    "Primary key of the stage that you have seen. If another stage is active, the answer is `CONFLICT` and nothing changes.",
} as const;

/** Arguments of a comment. */
interface Said {
  comment?: string | null | undefined;
  stage?: string | null | undefined;
}

/** Arguments of a decision. */
interface Decided extends Said {
  state: "APPROVED" | "CANCELED" | "DENIED";
  unmodifiedSince?: Date | null | undefined;
}

/** Decisions on schedules that wait for an approval. */
@Resolver()
export class ApprovalMutations {
  @Mutation(() => ScheduledJob, {
    description:
      "Approves a `PENDING` schedule for exactly its current content. For users with the permission `extras.approve_scheduledjob`, except the requester. In a workflow with stages, this is one approval of the active stage, for users of its group; the last approval of the last stage approves the schedule. Missed times are not made up for. Any change of the content returns the schedule to `PENDING`, without approvals.",
  })
  approveScheduledJob(
    @Arg("id", () => ID, ID_ARGUMENT) id: string,
    @Arg("comment", () => String, COMMENT) comment: string | null | undefined,
    @Arg("ifUnmodifiedSince", () => DateTime, SEEN) unmodifiedSince: Date | null | undefined,
    @Arg("stage", () => ID, STAGE) stage: string | null | undefined,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    return decide(context, info, id, { state: "APPROVED", comment, unmodifiedSince, stage });
  }

  @Mutation(() => ScheduledJob, {
    description: "Denies a `PENDING` schedule, in any stage. For its approvers.",
  })
  denyScheduledJob(
    @Arg("id", () => ID, ID_ARGUMENT) id: string,
    @Arg("comment", () => String, COMMENT) comment: string | null | undefined,
    @Arg("stage", () => ID, STAGE) stage: string | null | undefined,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    return decide(context, info, id, { state: "DENIED", comment, stage });
  }

  @Mutation(() => ScheduledJob, {
    description: "Adds a comment to the active stage, without a decision. For the requester, and for approvers.",
  })
  async commentOnScheduledJob(
    @Arg("id", () => ID, ID_ARGUMENT) id: string,
    @Arg("comment", () => String, { description: "The comment; not empty." }) comment: string,
    @Arg("stage", () => ID, STAGE) stage: string | null | undefined,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    if (comment.trim() === "") refuse([{ field: "comment", message: "The comment is empty: write a text." }]);
    await context.runner.commentOnSchedule(await person(context), id, saidOf({ comment, stage }));
    return read(context, info, id);
  }

  @Mutation(() => ScheduledJob, {
    description:
      "Withdraws a `PENDING` schedule. For the requester, and for users with the permission `extras.approve_scheduledjob`.",
  })
  cancelScheduledJob(
    @Arg("id", () => ID, ID_ARGUMENT) id: string,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    return decide(context, info, id, { state: "CANCELED" });
  }

  @Mutation(() => JobResult, {
    description:
      "Runs the job of a schedule as a dry run, with the schedule's inputs, as you. For its approvers, if the job supports dry runs.",
  })
  async dryRunScheduledJob(
    @Arg("id", () => ID, ID_ARGUMENT) id: string,
    @Ctx() { reader, runner, author }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    const resultId = await runner.dryRunSchedule(await author(), id);
    return readChanged(reader, info, JOB_RESULT, resultId);
  }
}

async function decide(
  context: Context,
  info: GraphQLResolveInfo,
  id: string,
  { state, unmodifiedSince, ...said }: Decided,
): Promise<Row> {
  await context.runner.decideSchedule(await person(context), id, {
    ...saidOf(said),
    state,
    unmodifiedSince: unmodifiedSince ?? undefined,
  });
  return read(context, info, id);
}

/**
 * The user who responds; never a job, since a requester could otherwise use an approver's job to approve their own request.
 * @throws {@link AppError} FORBIDDEN.
 */
async function person({ author }: Context): Promise<Author> {
  const by = await author();
  if (by.context !== "WEB") throw new AppError("FORBIDDEN", "Only users decide on requests; a job may not.");
  return by;
}

function saidOf({ comment, stage }: Said) {
  return { comment: comment ?? "", stageId: stage ?? undefined };
}

async function read({ reader }: Context, info: GraphQLResolveInfo, id: string): Promise<Row> {
  return readChanged(reader, info, SCHEDULED_JOB, id);
}

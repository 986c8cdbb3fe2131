import type { GraphQLResolveInfo } from "graphql";
import { Arg, Ctx, Info, Mutation, Resolver } from "type-graphql";
import { mustApprove, mustTakeBack, mustTakePart } from "../../../access/approve.ts";
import { type Author, refuse } from "../../../changes/index.ts";
import { JobResult, ScheduledJob } from "../../../entities/index.ts";
import { DateTime, ID } from "../../../entities/mapping/scalars.ts";
import { shapeOf } from "../../../entities/mapping/shape.ts";
import { AppError } from "../../../errors.ts";
import type { Check } from "../../../runner/index.ts";
import type { Context } from "../../context.ts";
import type { Row } from "../../reading/list.ts";
import { readChanged } from "../../model/read-changed.ts";

const SCHEDULED_JOB = shapeOf(ScheduledJob);
const JOB_RESULT = shapeOf(JobResult);
const ID_ARGUMENT = { description: "Primary key of the schedule." } as const;
const COMMENT = { nullable: true, description: "What there is to say about it; kept with the decision." } as const;
const SEEN = {
  nullable: true,
  description:
    "The `date_changed` that you have seen: when the schedule has changed since, it is left alone and the answer is `CONFLICT`. Give it, so that you decide on nothing else.",
} as const;

const STAGE = {
  nullable: true,
  description:
    "Primary key of the stage that you have seen, of a schedule that is approved in stages: when another one is to be decided on by now, nothing is decided and the answer is `CONFLICT`.",
} as const;

/** What is said, by whom it may be. */
interface Said {
  comment?: string | null | undefined;
  stage?: string | null | undefined;
  check: typeof mustApprove;
}

/** What is decided. */
interface Decided extends Said {
  state: "APPROVED" | "CANCELED" | "DENIED";
  unmodifiedSince?: Date | null | undefined;
}

/** Decisions on schedules that wait for an approval. */
@Resolver()
export class ApprovalMutations {
  @Mutation(() => ScheduledJob, {
    description:
      "Approves a schedule that is `PENDING`, for just what it is now: its next time is its first one, and what is to be run at once is run. For staff and superusers, but not for who asks. Where it is approved in stages, this is one approval of the stage that is to be decided on, for the users of its group, and the last one that is needed lets the schedule in. Whatever changes of what would be run sends it back to `PENDING`, and all approvals with it.",
  })
  approveScheduledJob(
    @Arg("id", () => ID, ID_ARGUMENT) id: string,
    @Arg("comment", () => String, COMMENT) comment: string | null | undefined,
    @Arg("ifUnmodifiedSince", () => DateTime, SEEN) unmodifiedSince: Date | null | undefined,
    @Arg("stage", () => ID, STAGE) stage: string | null | undefined,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    return decide(context, info, id, { state: "APPROVED", comment, unmodifiedSince, stage, check: mustApprove });
  }

  @Mutation(() => ScheduledJob, {
    description: "Refuses to approve a schedule that is `PENDING`, in whichever stage. For those who may approve it.",
  })
  denyScheduledJob(
    @Arg("id", () => ID, ID_ARGUMENT) id: string,
    @Arg("comment", () => String, COMMENT) comment: string | null | undefined,
    @Arg("stage", () => ID, STAGE) stage: string | null | undefined,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    return decide(context, info, id, { state: "DENIED", comment, stage, check: mustApprove });
  }

  @Mutation(() => ScheduledJob, {
    description:
      "Says something of the stage that is to be decided on, and decides nothing. For who asks, those who may approve it, staff and superusers.",
  })
  async commentOnScheduledJob(
    @Arg("id", () => ID, ID_ARGUMENT) id: string,
    @Arg("comment", () => String, { description: "What there is to say; not empty." }) comment: string,
    @Arg("stage", () => ID, STAGE) stage: string | null | undefined,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    if (comment.trim() === "") refuse([{ field: "comment", message: "Say something." }]);
    await context.runner.commentOnSchedule(await person(context), id, saidOf(context, { comment, stage, check: mustTakePart }));
    return read(context, info, id);
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
    const resultId = await runner.dryRunSchedule(id, viewer.id, (requesterId, approvers) =>
      mustApprove(viewer, requesterId, approvers),
    );
    return readChanged(database, info, JOB_RESULT, resultId);
  }
}

async function decide(
  context: Context,
  info: GraphQLResolveInfo,
  id: string,
  { state, unmodifiedSince, ...said }: Decided,
): Promise<Row> {
  await context.runner.decideSchedule(await person(context), id, {
    ...saidOf(context, said),
    state,
    unmodifiedSince: unmodifiedSince ?? undefined,
  });
  return read(context, info, id);
}

/** Who says something. Otherwise whoever can have an approver run a job could have it approve what they ask for. @throws {@link AppError} FORBIDDEN. */
async function person({ author }: Context): Promise<Author> {
  const by = await author();
  if (by.context !== "WEB") throw new AppError("FORBIDDEN", "People decide on what is asked for, and no job does.");
  return by;
}

function saidOf({ viewer }: Context, { comment, stage, check }: Said) {
  return {
    comment: comment ?? "",
    stageId: stage ?? undefined,
    check: (...[requesterId, approvers]: Parameters<Check>) => check(viewer, requesterId, approvers),
  };
}

async function read({ database }: Context, info: GraphQLResolveInfo, id: string): Promise<Row> {
  return readChanged(database, info, SCHEDULED_JOB, id);
}

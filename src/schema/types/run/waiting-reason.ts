import type { GraphQLResolveInfo } from "graphql";
import { Ctx, Extensions, FieldResolver, Info, registerEnumType, Resolver, Root } from "type-graphql";
import { JobResult } from "../../../entities/index.ts";
import { membersOf, textIn } from "../../../entities/json-members.ts";
import type { Context } from "../../context.ts";
import type { Row } from "../../reading/list.ts";
import type { ComputedField } from "../../reading/selection.ts";

/** Reasons for which a run waits. */
export const WaitingReason = {
  AWAITING_APPROVAL: "AWAITING_APPROVAL",
  CONCURRENCY_LIMIT: "CONCURRENCY_LIMIT",
  NO_WORKER: "NO_WORKER",
  QUEUED: "QUEUED",
  SCHEDULED_FOR: "SCHEDULED_FOR",
} as const;
/** A value of {@link WaitingReason}. */
export type WaitingReason = keyof typeof WaitingReason;

registerEnumType(WaitingReason, {
  name: "JobResultWaitingReason",
  description: "The reason why a run or a schedule waits.",
  valuesConfig: {
    AWAITING_APPROVAL: { description: "A user has to approve it first." },
    CONCURRENCY_LIMIT: { description: "The job has no free slot." },
    NO_WORKER: { description: "No worker serves the queue." },
    QUEUED: { description: "The run waits in its queue for a worker." },
    SCHEDULED_FOR: { description: "A time has to come: `date_next_attempt` of a run, `next_run_at` of a schedule." },
  },
});

/** The reason for which a run waits. */
@Resolver(() => JobResult)
export class WaitingReasonResolver {
  @Extensions({ needs: ["status", "awaits_approval", "waits_for_slot", "celery_kwargs"] } satisfies ComputedField)
  @FieldResolver(() => WaitingReason, { nullable: true, description: "The reason why the run waits; null when it does not." })
  async waitingReason(
    @Root() row: Row,
    @Ctx() { relations, runner }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<WaitingReason | null> {
    if (row["status"] === "RETRY") return "SCHEDULED_FOR";
    if (row["status"] !== "PENDING") return null;
    if (row["awaits_approval"]) return "AWAITING_APPROVAL";
    if (row["waits_for_slot"]) return "CONCURRENCY_LIMIT";
    const queue = textIn(membersOf(row["celery_kwargs"])["queue"]);
    const workers = await relations.batch(queue, info, () => ({ load: (queues) => runner.countWorkers(queues) }));
    return workers === 0 ? "NO_WORKER" : "QUEUED";
  }
}

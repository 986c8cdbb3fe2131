import { Args, ArgsType, Ctx, Field, Int, Mutation, ObjectType, Resolver } from "type-graphql";
import { mustAdminister } from "../../../access/administer.ts";
import { PrunableKind } from "../../../entities/choices.ts";
import { DateTime } from "../../../entities/mapping/scalars.ts";
import { AppError } from "../../../errors.ts";
import type { Pruned } from "../../../runner/index.ts";
import type { Context } from "../../context.ts";

/** The most rows that one batch deletes: some fifty milliseconds' worth. */
const MAX_BATCH = 10_000;

@ArgsType()
class PruneRecordsArgs {
  @Field(() => PrunableKind, { description: "What to delete." })
  kind!: PrunableKind;

  @Field(() => DateTime, { description: "Delete what is older than this." })
  before!: Date;

  @Field(() => Int, { defaultValue: 1000, description: `Rows to delete at most, 1 to ${MAX_BATCH}.` })
  limit!: number;

  @Field(() => String, { nullable: true, description: "The `cursor` that the batch before was answered with." })
  after?: string | null;

  @Field(() => Boolean, { defaultValue: false, description: "Count what the batch would delete, and delete nothing." })
  dryRun!: boolean;
}

/** What one batch deleted. */
@ObjectType({ description: "What a batch has deleted; of a dry run, what there is to delete in as many runs or changes." })
class PruneRecordsPayload implements Pruned {
  @Field(() => Int, { description: "Runs." })
  jobResults!: number;

  @Field(() => Int, { description: "Lines of logs." })
  jobLogEntries!: number;

  @Field(() => Int, { description: "Pieces of what runs printed." })
  jobConsoleEntries!: number;

  @Field(() => Int, { description: "Files of runs, with what they held." })
  files!: number;

  @Field(() => Int, { description: "Entries of the change log." })
  objectChanges!: number;

  @Field(() => String, {
    nullable: true,
    description:
      "Give it as `after` for the next batch; null when nothing is left. Beginning without one is as good, and slower.",
  })
  cursor!: string | null;
}

/** What is old, to be deleted. */
@Resolver()
export class PruneMutations {
  @Mutation(() => PruneRecordsPayload, {
    description:
      "Deletes a batch of old records, for staff and superusers. Call it until `cursor` is null, as the job Logs Cleanup does. Never deletes a run that has not ended, nor a change whose hooks are still to be carried out. It is not in the change log.",
  })
  async pruneRecords(
    @Args(() => PruneRecordsArgs) { after, ...request }: PruneRecordsArgs,
    @Ctx() { runner, viewer }: Context,
  ): Promise<PruneRecordsPayload> {
    mustAdminister(viewer, "delete old records");
    if (request.limit < 1 || request.limit > MAX_BATCH) {
      const message = `limit must be from 1 to ${MAX_BATCH}.`;
      throw new AppError("BAD_USER_INPUT", message, [{ field: "limit", message }]);
    }
    return runner.prune({ ...request, after: after ?? undefined });
  }
}

import { Args, ArgsType, Ctx, Field, Int, Mutation, ObjectType, Resolver } from "type-graphql";
import { PrunableKind } from "../../../entities/choices.ts";
import { DateTime } from "../../../entities/mapping/scalars.ts";
import { fieldError } from "../../../errors.ts";
import type { Pruned } from "../../../runner/index.ts";
import type { Context } from "../../context.ts";

/** The most rows that one batch deletes: some fifty milliseconds' worth. */
const MAX_BATCH = 10_000;

@ArgsType()
class PruneRecordsArgs {
  @Field(() => PrunableKind, { description: "Kind of the records." })
  kind!: PrunableKind;

  @Field(() => DateTime, { description: "Deletes records before this time." })
  before!: Date;

  @Field(() => Int, { defaultValue: 1000, description: `Maximum number of rows, 1 to ${MAX_BATCH}.` })
  limit!: number;

  @Field(() => String, { nullable: true, description: "The `cursor` of the previous batch." })
  after?: string | null;

  @Field(() => Boolean, { defaultValue: false, description: "True to count the records of the batch without deleting them." })
  dryRun!: boolean;
}

/** Numbers of records that a batch deleted. */
@ObjectType({ description: "Numbers of deleted records; of a dry run, numbers of records to delete." })
class PruneRecordsPayload implements Pruned {
  @Field(() => Int, { description: "Number of runs." })
  jobResults!: number;

  @Field(() => Int, { description: "Number of lines." })
  jobLogEntries!: number;

  @Field(() => Int, { description: "Number of printed texts." })
  jobConsoleEntries!: number;

  @Field(() => Int, { description: "Number of files." })
  files!: number;

  @Field(() => Int, { description: "Number of entries of the change log." })
  objectChanges!: number;

  @Field(() => String, {
    nullable: true,
    description:
      "Cursor for `after` of the next batch; null when no records are left. A batch without `after` is correct too, but slower.",
  })
  cursor!: string | null;
}

/** Old records, to delete. */
@Resolver()
export class PruneMutations {
  @Mutation(() => PruneRecordsPayload, {
    description:
      "Deletes a batch of old records. Repeat it until `cursor` is null, as the job Logs Cleanup does. It keeps runs that have not ended, and changes whose hooks still have to run. The change log does not record it.",
  })
  async pruneRecords(
    @Args(() => PruneRecordsArgs) { after, ...request }: PruneRecordsArgs,
    @Ctx() { runner }: Context,
  ): Promise<PruneRecordsPayload> {
    if (request.limit < 1 || request.limit > MAX_BATCH) {
      const message = `limit must be from 1 to ${MAX_BATCH}.`;
      throw fieldError("BAD_USER_INPUT", "limit", message);
    }
    return runner.prune({ ...request, after: after ?? undefined });
  }
}

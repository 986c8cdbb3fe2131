import type { Expression, SqlBool } from "kysely";
import type { Database } from "../../entities/database.ts";
import type { RowKind } from "../../entities/sequences.ts";
import type { Broker } from "../messaging/broker.ts";
import { createFollower, type Follower } from "./follower.ts";
import type { Batch, FollowedRow } from "./row-pages.ts";
import { openRowTail } from "./row-tail.ts";
import { createShared, type Opened } from "./shared.ts";

/** A run, the cursor, and the wanted rows. */
export interface FollowRequest {
  kind: RowKind;
  jobResultId: string;
  /** Rows up to this sequence are known already. */
  afterSequence: number;
  /** The wanted rows; equal conditions have an equal `key`. All when absent. */
  where?: { key: string; condition: Expression<SqlBool> } | undefined;
}

/**
 * Makes followers of the rows of runs. Each gets the rows after its cursor, first the stored ones, then new ones: in order, without a gap, each once, as a
 * list of one or more at a time. It ends when the run has settled and all rows were given. Followers of the same rows of a run share one read of each batch,
 * and get the same list.
 */
export function createRowFollowers(deps: { database: Database; broker: Broker }) {
  const tails = createShared<ReturnType<typeof openRowTail>>((tail) => tail.close());

  const follow = ({ kind, jobResultId, afterSequence, where }: FollowRequest): Follower<readonly FollowedRow[]> => {
    const key = [kind, jobResultId, where?.key].join(" ");
    const of = { kind, jobResultId, where: where?.condition };
    const share = tails.hold(key, (followers) => openRowTail(deps, of, followers));
    const tail = share.value;
    let cursor = afterSequence;

    function take(batch: Batch): readonly FollowedRow[] | undefined {
      cursor = batch.to;
      return batch.rows.length > 0 ? batch.rows : undefined;
    }

    return createFollower({
      async next() {
        for (;;) {
          const batch = await tail.after(cursor);
          if (!batch) return batch;
          // Of those that were left out, the cursor alone moves on.
          const rows = take(batch);
          if (rows) return rows;
        }
      },
      onMore: tail.onMore,
      leave: share.release,
    });
  };
  return Object.assign(follow, { tails: tails as Opened });
}

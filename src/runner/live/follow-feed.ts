import { AppError } from "../../errors.ts";
import type { Broker } from "../messaging/broker.ts";
import type { Family } from "../messaging/notifier.ts";
import { watch } from "../messaging/watch.ts";
import { createCalls } from "./calls.ts";
import { createFollower, type Follower } from "./follower.ts";
import { createShared, type Opened } from "./shared.ts";

/** Time without a notification after which the tail looks all the same; then it finds no ids and asks nothing. */
const IDLE_MS = 3_600_000;
/** Changes that come faster after each other are told together. */
const PAUSE_MS = 100;
/** Objects that are read at once. */
const MAX_IDS = 500;
/** Batches that wait for one follower; of later ones only the ids are kept. */
const MAX_WAITING = 16;

/** An object of a feed. */
export interface FeedObject {
  id: string;
}

/** A feed, and how its objects are read. */
export interface FeedRequest<T extends FeedObject> {
  /** Key of the feed: followers with equal keys share their reads. */
  key: string;
  families: readonly Family[];
  /** Those of these objects that are wanted, as they are now. */
  read(ids: readonly string[]): Promise<readonly T[]>;
  /** Yields the objects to send first, before later changes. */
  replay?(): AsyncIterable<readonly T[]>;
}

/**
 * Makes followers of all objects of a kind. Each gets created and changed objects, in their state at that moment, as lists of one or more. An object that
 * changes again before a slow follower has taken it is given once. Followers of the same shape share one read of each change, and get the same lists.
 */
export function createFeedFollowers({ broker }: { broker: Broker }) {
  const tails = createShared<FeedTail<FeedObject>>((tail) => tail.close());

  const follow = <T extends FeedObject>({ key, families, read, replay }: FeedRequest<T>): Follower<readonly T[]> => {
    const share = tails.hold(key, () => openTail(broker, families, read));
    const tail = share.value as FeedTail<T>;
    let waiting: (readonly T[])[] = [];
    let missed = new Set<string>();
    const off = tail.onBatch((batch) => {
      if (waiting.length < MAX_WAITING) waiting.push(batch);
      else for (const { id } of batch) missed.add(id);
    });
    let first: AsyncIterator<readonly T[]> | undefined = replay?.()[Symbol.asyncIterator]();

    return createFollower<readonly T[]>({
      async next() {
        if (tail.failure) throw tail.failure.error;
        if (first) {
          const { done, value } = await first.next();
          if (!done) return value;
          first = undefined;
        }
        for (;;) {
          const batch = waiting.shift();
          if (batch || missed.size === 0) return batch;
          const ids = [...missed].slice(0, MAX_IDS);
          missed = missed.difference(new Set(ids));
          const found = await read(ids);
          if (found.length > 0) return found;
        }
      },
      onMore: tail.onMore,
      leave() {
        off();
        waiting = [];
        share.release();
      },
    });
  };
  return Object.assign(follow, { tails: tails as Opened });
}

/** A feed without a cursor cannot find out which changes it has missed. */
const missedChanges = () =>
  new AppError("UNAVAILABLE", "The server was cut off from others, and may have missed changes: subscribe again.");

interface FeedTail<T> {
  failure: { error: unknown } | undefined;
  onBatch(take: (batch: readonly T[]) => void): () => void;
  onMore(wake: () => void): () => void;
  close(): void;
}

function openTail<T extends FeedObject>(broker: Broker, families: readonly Family[], read: FeedRequest<T>["read"]): FeedTail<T> {
  const deliver = createCalls<[batch: readonly T[]]>();
  const wake = createCalls();
  let notified = new Set<string>();

  async function look(): Promise<boolean> {
    try {
      while (notified.size > 0) {
        const ids = [...notified].slice(0, MAX_IDS);
        notified = notified.difference(new Set(ids));
        const batch = await read(ids);
        if (batch.length > 0) deliver.all(batch);
      }
    } catch (error) {
      tail.failure = { error };
    }
    wake.all();
    return !tail.failure;
  }

  const tail: FeedTail<T> = {
    failure: undefined,
    onBatch: deliver.add,
    onMore: wake.add,
    close: () => void watching.close(),
  };
  const watching = watch({
    notifications: families.map(
      (family) => (notify: () => void) =>
        broker.listenAll(
          family,
          (id) => {
            notified.add(id);
            notify();
          },
          () => {
            tail.failure ??= { error: missedChanges() };
            notify();
          },
        ),
    ),
    look,
    safetyMs: IDLE_MS,
    pauseMs: () => PAUSE_MS,
  });
  return tail;
}

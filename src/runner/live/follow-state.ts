import type { Broker } from "../messaging/broker.ts";
import type { Topic } from "../messaging/notifier.ts";
import { watch } from "../messaging/watch.ts";
import { createCalls } from "./calls.ts";
import { createFollower, type Follower } from "./follower.ts";
import { createShared, type Opened } from "./shared.ts";

/** After a lost notification, the next look comes after this long. */
const SAFETY_MS = 5000;
/** Changes that come faster after each other are told as one. */
const PAUSE_MS = 50;

/** The followed object, and how it is read. */
export interface StateRequest<T extends object> {
  /** Key of the state: followers with equal keys share their reads. */
  key: string;
  topics: readonly Topic[];
  /** The present state, and whether it will stay as it is; undefined when the object is gone. */
  read(): Promise<{ state: T; isFinal: boolean } | undefined>;
}

/**
 * Makes followers of one object's state. Each gets the present state, then the state after each change; a slow one gets the newest only. It ends after the
 * final state, or when the object is gone. Followers of the same state share one read of each change, and get the same object.
 */
export function createStateFollowers({ broker }: { broker: Broker }) {
  const tails = createShared<StateTail<object>>((tail) => tail.close());

  const follow = <T extends object>({ key, topics, read }: StateRequest<T>): Follower<T> => {
    const share = tails.hold(key, () => openTail(broker, topics, read));
    const tail = share.value as StateTail<T>;
    let seen = 0;
    return createFollower<T>({
      next() {
        if (tail.failure) throw tail.failure.error;
        if (seen === tail.version) return tail.isOver ? null : undefined;
        seen = tail.version;
        return tail.state;
      },
      onMore: tail.onMore,
      leave: share.release,
    });
  };
  return Object.assign(follow, { tails: tails as Opened });
}

interface StateTail<T> {
  /** Number of changes of the state; 0 before it is known. */
  version: number;
  state: T | undefined;
  isOver: boolean;
  failure: { error: unknown } | undefined;
  onMore(wake: () => void): () => void;
  close(): void;
}

function openTail<T extends object>(broker: Broker, topics: readonly Topic[], read: StateRequest<T>["read"]): StateTail<T> {
  const wake = createCalls();
  let told = "";

  async function look(): Promise<boolean> {
    try {
      const found = await read();
      tail.isOver = !found || found.isFinal;
      const text = JSON.stringify(found?.state);
      if (found && text !== told) {
        told = text;
        tail.state = found.state;
        tail.version += 1;
      }
    } catch (error) {
      tail.failure = { error };
    }
    wake.all();
    return !tail.isOver && !tail.failure;
  }

  const tail: StateTail<T> = {
    version: 0,
    state: undefined,
    isOver: false,
    failure: undefined,
    onMore: wake.add,
    close: () => void watching.close(),
  };
  const watching = watch({
    notifications: topics.map((topic) => (notify: () => void) => broker.listen(topic, notify)),
    look,
    safetyMs: SAFETY_MS,
    pauseMs: () => PAUSE_MS,
  });
  return tail;
}

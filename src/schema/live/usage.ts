import { AppError } from "../../errors.ts";

/** Limits of the operations that one user has under way, over all sockets and event streams. */
export interface UsageLimits {
  /** Operations under way. */
  maxSubscriptionsPerUser: number;
  /** Bytes of answers that wait to be read; no operation is begun beyond. */
  maxUnreadBytesPerUser: number;
}

/** Counts operations that users have under way, and answers that they have not read. */
export interface Usage {
  /** Counts an operation until the returned function is called. @throws {@link AppError} LIMIT_EXCEEDED when the user may begin no further one. */
  begin(userId: string): () => void;
  /** Counts bytes that wait to be read, until the returned function is called. */
  hold(userId: string, bytes: number): () => void;
  /** Returns how many bytes may yet wait to be read. */
  room(userId: string): number;
  /** @throws {@link AppError} LIMIT_EXCEEDED when the user has to read before anything else is done. */
  mustHaveRead(userId: string): void;
}

/** Returns the refusal of reading on while too many bytes of earlier answers are unread. */
export const unreadRefusal = (): AppError =>
  new AppError(
    "LIMIT_EXCEEDED",
    "Too many bytes of answers wait to be read by you; MAX_UNREAD_BYTES_PER_USER allows no more. Read them first.",
  );

/** Returns counts of nothing yet, with these limits. */
export function createUsage({ maxSubscriptionsPerUser, maxUnreadBytesPerUser }: UsageLimits): Usage {
  const operations = createCounts();
  const unread = createCounts();

  const room = (userId: string) => Math.max(0, maxUnreadBytesPerUser - unread.of(userId));

  function mustHaveRead(userId: string): void {
    if (room(userId) === 0) throw unreadRefusal();
  }

  return {
    begin(userId) {
      mustHaveRead(userId);
      if (operations.of(userId) >= maxSubscriptionsPerUser)
        throw new AppError(
          "LIMIT_EXCEEDED",
          `You have ${maxSubscriptionsPerUser} operations under way: MAX_SUBSCRIPTIONS_PER_USER allows no more.`,
        );
      return operations.add(userId, 1);
    },
    hold: unread.add,
    room,
    mustHaveRead,
  };
}

/** Numbers by user; users without one take no room. */
function createCounts() {
  const counts = new Map<string, number>();
  const of = (userId: string) => counts.get(userId) ?? 0;
  const change = (userId: string, by: number) => {
    const count = of(userId) + by;
    if (count > 0) counts.set(userId, count);
    else counts.delete(userId);
  };
  return {
    of,
    add(userId: string, number: number): () => void {
      change(userId, number);
      let isCounted = true;
      return () => {
        if (isCounted) change(userId, -number);
        isCounted = false;
      };
    },
  };
}

import { AppError, counted } from "../../errors.ts";

/** Limits of the operations that one user has under way, over all sockets and event streams. */
export interface UsageLimits {
  /** Operations under way. */
  maxSubscriptionsPerUser: number;
  /** Bytes of answers that wait to be read; no operation is begun beyond. */
  maxUnreadBytesPerUser: number;
}

/** Bytes of one user's answers that are in the making, from which on only the oldest of them is read for. */
const MAKING_BYTES = 8 * 1024 * 1024;

/** Counts operations that users have under way, and answers that they have not read. */
export interface Usage {
  /** Counts an operation until the returned function is called. @throws {@link AppError} LIMIT_EXCEEDED when the user may begin no further one. */
  begin(userId: string): () => void;
  /** Counts bytes that wait to be read, until the returned function is called. */
  hold(userId: string, bytes: number): () => void;
  /** Returns how many bytes may yet wait to be read; without bounds while none do, as an answer has its own limit. */
  room(userId: string): number;
  /** @throws {@link AppError} LIMIT_EXCEEDED when the user has to read before anything else is done. */
  mustHaveRead(userId: string): void;
  /** Counts bytes that are read for an answer in the making. @param place of the operation: smaller than those of later ones. */
  make(userId: string, place: number, bytes: number): void;
  /** Tells whether more may be read for an operation: other answers of its user may be too large together. */
  mayMake(userId: string, place: number): boolean;
  /** Resolves once the operation may read more, or has ended. */
  turnToMake(userId: string, place: number): Promise<void>;
  /** Ends the count of an operation, and its waiting. */
  made(userId: string, place: number): void;
}

/** Returns the refusal of reading on while too many bytes of earlier answers are unread. */
export const unreadRefusal = (): AppError =>
  new AppError(
    "LIMIT_EXCEEDED",
    "You have too many unread bytes of answers; MAX_UNREAD_BYTES_PER_USER allows no more. Read them first.",
  );

/** Returns counts of nothing yet, with these limits. */
export function createUsage({ maxSubscriptionsPerUser, maxUnreadBytesPerUser }: UsageLimits): Usage {
  const operations = createCounts();
  const unread = createCounts();

  const making = createMaking();

  function room(userId: string): number {
    const bytes = unread.of(userId);
    return bytes === 0 ? Infinity : Math.max(0, maxUnreadBytesPerUser - bytes);
  }

  function mustHaveRead(userId: string): void {
    if (room(userId) === 0) throw unreadRefusal();
  }

  return {
    begin(userId) {
      mustHaveRead(userId);
      if (operations.of(userId) >= maxSubscriptionsPerUser)
        throw new AppError(
          "LIMIT_EXCEEDED",
          `You have ${counted(maxSubscriptionsPerUser, "operation")} under way: MAX_SUBSCRIPTIONS_PER_USER allows no more.`,
        );
      return operations.add(userId, 1);
    },
    hold: unread.add,
    room,
    mustHaveRead,
    ...making,
  };
}

/** Large answers of one user that are in the making: bytes by the places of their operations, and those who wait. */
interface Making {
  bytes: Map<number, number>;
  waiting: { place: number; goOn: () => void }[];
}

function createMaking(): Pick<Usage, "make" | "mayMake" | "turnToMake" | "made"> {
  const users = new Map<string, Making>();

  function mayGoOn({ bytes }: Making, place: number): boolean {
    let all = 0;
    let oldest = Infinity;
    for (const [other, count] of bytes) {
      all += count;
      oldest = Math.min(oldest, other);
    }
    return all < MAKING_BYTES || oldest === place;
  }

  return {
    make(userId, place, bytes) {
      let making = users.get(userId);
      if (!making) users.set(userId, (making = { bytes: new Map(), waiting: [] }));
      making.bytes.set(place, (making.bytes.get(place) ?? 0) + bytes);
    },
    mayMake(userId, place) {
      const making = users.get(userId);
      return !making || mayGoOn(making, place);
    },
    async turnToMake(userId, place) {
      const making = users.get(userId);
      if (!making || mayGoOn(making, place)) return;
      await new Promise<void>((goOn) => {
        const { waiting } = making;
        const behind = waiting.findLastIndex((other) => other.place <= place);
        waiting.splice(behind + 1, 0, { place, goOn });
      });
    },
    made(userId, place) {
      const making = users.get(userId);
      if (!making) return;
      making.bytes.delete(place);
      const first = making.waiting.find((one) => one.place !== place && mayGoOn(making, one.place));
      // In turns: the size of the next read is not known yet.
      const next = making.waiting.filter((one) => one.place === place || one.place === first?.place);
      making.waiting = making.waiting.filter((one) => !next.includes(one));
      for (const { goOn } of next) goOn();
      if (making.bytes.size === 0 && making.waiting.length === 0) users.delete(userId);
    },
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

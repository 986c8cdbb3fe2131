import { isIPv6 } from "node:net";
import { LRUCache } from "lru-cache";
import { AppError } from "../errors.ts";
import { plainAddress } from "./networks.ts";

/** Window in which failures are counted, in milliseconds. */
const WINDOW_MS = 60_000;
/** Addresses that are counted at most; of more, those that were not heard of for longest are forgotten. */
const MAX_ADDRESSES = 10_000;

/** Too much from one address, or for one user, was wrong: it has to wait. */
export class TooManyFailures extends AppError {
  /** Whole seconds until another try. */
  readonly retryAfter: number;

  constructor(words: string, retryAfter: number) {
    super("LIMIT_EXCEEDED", `${words}: try again in ${retryAfter} s.`);
    this.retryAfter = retryAfter;
  }
}

/** Counts tries that were wrong, by the address that sent them, or by another name. */
export interface Failures {
  /** Counts a try, until the returned function says that it was good. @throws {@link TooManyFailures} without counting it. */
  try(address: string): () => void;
}

/**
 * @param most failures of one address in a minute; Infinity for no limit.
 * @param elapsed milliseconds of a clock that nobody sets.
 * @param words the reason to wait, without a period.
 */
export function createFailures(most: number, elapsed: () => number, words: string): Failures {
  const windows = new LRUCache<string, { since: number; failures: number }>({ max: MAX_ADDRESSES });
  return {
    try(address) {
      const network = networkOf(address);
      const now = elapsed();
      let window = windows.get(network);
      if (!window || now - window.since >= WINDOW_MS) windows.set(network, (window = { since: now, failures: 0 }));
      if (window.failures >= most) throw new TooManyFailures(words, Math.ceil((window.since + WINDOW_MS - now) / 1000));
      window.failures += 1;
      const counted = window;
      return () => void (counted.failures -= 1);
    },
  };
}

/** An address of IPv6 stands for its network of 64 bits: all of that are one client's. */
function networkOf(given: string): string {
  const address = plainAddress(given);
  if (!isIPv6(address)) return address;
  const [head, tail] = address.split("::").map((half) => (half === "" ? [] : half.split(":")));
  const zeros = tail ? Array.from({ length: 8 - head!.length - tail.length }, () => "0") : [];
  const groups = [...head!, ...zeros, ...(tail ?? [])].slice(0, 4);
  return groups.map((group) => Number.parseInt(group, 16).toString(16)).join(":");
}

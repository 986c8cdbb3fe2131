/** A limit of operations that groups and keys may have, in place of the server's. */
interface Limited {
  /** Its column on both. */
  column: "max_answer_bytes" | "max_query_cost" | "max_query_depth" | "operation_timeout_ms";
  /** The server's setting. */
  setting: string;
  /** Smallest and largest value of a group or a key. With the smallest, an administrator can still take it back. */
  least: number;
  most: number;
}

/** Largest number of a column. */
const MOST = 2_147_483_647;

/** Limits of operations that groups and keys may have. */
export const LIMITED = {
  maxQueryDepth: { column: "max_query_depth", setting: "MAX_QUERY_DEPTH", least: 5, most: 1000 },
  maxQueryCost: { column: "max_query_cost", setting: "MAX_QUERY_COST", least: 100, most: MOST },
  maxAnswerBytes: { column: "max_answer_bytes", setting: "MAX_ANSWER_BYTES", least: 1000, most: MOST },
  operationTimeoutMs: { column: "operation_timeout_ms", setting: "OPERATION_TIMEOUT_MS", least: 100, most: 3_600_000 },
} as const satisfies Readonly<Record<string, Limited>>;

/** Name of one of {@link LIMITED}. */
export type LimitName = keyof typeof LIMITED;

/** Names of {@link LIMITED}. */
export const LIMIT_NAMES = Object.keys(LIMITED) as readonly LimitName[];

/** Columns of {@link LIMITED}. */
export const LIMIT_COLUMNS = LIMIT_NAMES.map((name) => LIMITED[name].column);

/** A limit, and the name that its refusals give it. */
export interface Limit {
  readonly value: number;
  /** `MAX_QUERY_COST`, or `max_query_cost of your key`. */
  readonly of: string;
}

/** Limits of a user that come before the server's. Two users whose limits have the same `key` have the same. */
export interface OwnLimits extends Readonly<Partial<Record<LimitName, Limit>>> {
  readonly key: string;
}

/** Limits that a group or a key has; null where it has none. */
export type StoredLimits = Readonly<Record<LimitName, number | null>>;

/** Returns the limit that holds for a user. */
export const limitOf = <Name extends LimitName>(name: Name, server: Readonly<Record<Name, number>>, own?: OwnLimits): Limit =>
  own?.[name] ?? { value: server[name], of: LIMITED[name].setting };

/** Returns a sentence for each limit of a group or a key that is out of its range. */
export function wrongLimits(limits: Partial<StoredLimits>): { column: string; message: string }[] {
  return LIMIT_NAMES.flatMap((name) => {
    const { column, least, most } = LIMITED[name];
    const value = limits[name] ?? null;
    if (value === null || (value >= least && value <= most)) return [];
    return [{ column, message: `${column} is a whole number from ${least} to ${most}, or null for none.` }];
  });
}

/** A server that is asked, and the objects in it that requests are about. */
export interface Target {
  url: string;
  /** Key of the user who asks; undefined for a client without one. */
  key: string | undefined;
  /** A run that goes on all the while. */
  runningId: string;
  /** A run with a large result. */
  largeId: string;
  /** A file that a run left. */
  fileId: string;
  /** Number of clients that ask for something large at once, where many do. */
  crowd: number;
  /** The key that signs webhooks. */
  webhookSecret: string;
}

/**
 * The end of a request: `answered`; the code of its first error; `HTTP 431` of an answer that is not GraphQL's; `closed 4429` of a socket;
 * `cut` by the server without a word; `left` by the client, which did not wait for an answer.
 */
export interface Told {
  end: string;
  /** The sentence beside it, as far as there is one. */
  says: string;
  /** All errors of the answer as JSON, or the answer itself where it is none of GraphQL's. */
  errors?: string;
  /** Milliseconds until it was told, where that is not all the time that the request took. */
  ms?: number;
}

/** A document that somebody may send, by any transport. */
export interface HostileDocument {
  words: string;
  query: string;
  variables?: (target: Target) => Record<string, unknown>;
  /** The variables as a text of JSON, where `JSON.stringify` would not make one. */
  json?: string;
  /** Ends of it that are right. */
  due: readonly string[];
  /** Words of the sentence: they name the limit, so that nothing was executed. */
  says?: RegExp;
}

/** A request that somebody may send, as it is sent. */
export interface HostileRequest {
  family: string;
  words: string;
  /** The transport, or its substitute. */
  through: string;
  due: readonly string[];
  says?: RegExp | undefined;
  send(target: Target): Promise<Told>;
}

export const ANSWERED = ["answered"] as const;
export const REFUSED = ["LIMIT_EXCEEDED"] as const;
/** Apollo has a code of its own for an invalid document. */
export const INVALID = ["GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED"] as const;
export const WRONG = ["BAD_USER_INPUT"] as const;
/** Either is right: it depends on how much there is to read. */
export const BOUNDED = [...ANSWERED, ...REFUSED] as const;

/** Returns the results of 0 to `count - 1` as a list. */
export const times = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));

import { LRUCache } from "lru-cache";
import type { PoolClient } from "pg";

/** A part of a plan, as `explain (format json)` tells it. */
interface Node {
  "Total Cost": number;
  Filter?: string;
  Plans?: readonly Node[];
}

/** Cost from which on a read may take long, in the planner's units: some 100 to 500 ms. */
const SLOW_COST = 10_000;

/** Milliseconds that a verdict holds: tables grow, and the same text may come with other values. */
const VERDICT_MS = 60_000;

/** Texts with a verdict. */
const MAX_TEXTS = 2000;

/** Tells which statements may take long, by their text. */
export interface Judge {
  /** The verdict on a statement; undefined while there is none. */
  isSlow(text: string): boolean | undefined;
  /** Asks the planner. A statement that cannot be planned is not slow: it fails where it is run. */
  ask(client: PoolClient, text: string, values: unknown[]): Promise<boolean>;
  /** A statement took long. */
  tookLong(text: string): void;
}

/** Returns a judge that knows no statement yet. */
export function createJudge(): Judge {
  const verdicts = new LRUCache<string, { isSlow: boolean; until: number }>({ max: MAX_TEXTS });
  const decide = (text: string, isSlow: boolean) => {
    verdicts.set(text, { isSlow, until: performance.now() + VERDICT_MS });
    return isSlow;
  };
  return {
    isSlow(text) {
      const verdict = verdicts.get(text);
      return verdict && verdict.until > performance.now() ? verdict.isSlow : undefined;
    },
    async ask(client, text, values) {
      // PostgreSQL explains no other statements, and statements about the database itself are short.
      if (!text.startsWith("select ")) return decide(text, false);
      const { rows } = await client.query<{ "QUERY PLAN": unknown }>({ text: `explain (format json) ${text}`, values });
      const given = rows[0]!["QUERY PLAN"];
      const [{ Plan: plan }] = (typeof given === "string" ? JSON.parse(given) : given) as [{ Plan: Node }];
      return decide(text, worstCost(plan) > SLOW_COST);
    },
    tookLong: (text) => void decide(text, true),
  };
}

/** The cost of a plan where nothing that is filtered passes: the planner hopes that a limit ends a scan early. */
function worstCost(plan: Node): number {
  const inner = (plan.Plans ?? []).map(filteredCost);
  return Math.max(plan["Total Cost"], ...inner);
}

function filteredCost(node: Node): number {
  const own = node.Filter === undefined ? 0 : node["Total Cost"];
  return Math.max(own, ...(node.Plans ?? []).map(filteredCost));
}

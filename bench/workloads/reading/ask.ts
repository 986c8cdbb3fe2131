import type { Client } from "../../client.ts";
import type { ReadQuery } from "./queries.ts";

/** Has a client ask a query. @throws Error for another answer than the first. */
export type Ask = (client: Client) => Promise<void>;

/**
 * Asks once and looks at the answer; from then on equal length is taken for an equal answer.
 * @throws Error when rows are missing.
 */
export async function prepare(client: Client, { document, rows }: ReadQuery): Promise<Ask> {
  const { job_results } = await client.query<{ job_results: { id: string }[] }>("{ job_results(limit: 1) { id } }");
  const variables = { id: job_results[0]!.id };
  const found = countRows(await client.query<object>(document, variables));
  if (found < rows) throw new Error(`${document}\nwas answered with ${found} rows, not with ${rows} or more.`);
  const { length } = await client.answer(document, variables);
  return async (asking) => {
    const answer = await asking.answer(document, variables);
    if (answer.length !== length) throw new Error(`${document}\nwas answered with ${answer.toString("utf8").slice(0, 1000)}`);
  };
}

/** Objects at all depths, the root not among them. */
function countRows(value: object): number {
  return Object.values(value)
    .filter((inner) => typeof inner === "object" && inner !== null)
    .reduce((sum: number, inner) => sum + countRows(inner) + (Array.isArray(inner) ? 0 : 1), 0);
}

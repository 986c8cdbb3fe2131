import type { Endpoint, NamedOperation, Operation } from "./endpoint.ts";
import { openAttempt } from "./attempt.ts";
import { ConnectionError, RefusedError, refusalOf, type WireError } from "./errors.ts";

/** HTTP statuses of a server or proxy that cannot answer now. */
const TEMPORARY = new Set([408, 425, 429]);

/** An answer as GraphQL over HTTP has it. */
interface Answer {
  data?: unknown;
  errors?: readonly WireError[];
}

/** Sends an operation with `POST`. */
export function send(
  { fetch, url, proof }: Endpoint,
  operation: NamedOperation | Operation,
  accept: string,
  signal: AbortSignal,
): Promise<Response> {
  const headers = { Accept: accept, ...proof, "Content-Type": "application/json" };
  return fetch(url, { method: "POST", headers, body: JSON.stringify(operation), signal });
}

/**
 * The data of a query or mutation, asked once.
 * @param timeoutMs how long the server may take; without it, as long as it likes.
 * @throws {@link RefusedError}, {@link ConnectionError}, or the signal's reason.
 */
export async function ask(
  endpoint: Endpoint,
  operation: NamedOperation | Operation,
  signal: AbortSignal | undefined,
  timeoutMs?: number,
): Promise<unknown> {
  const attempt = openAttempt(signal, timeoutMs);
  try {
    const response = await attempt.step(send(endpoint, operation, "application/json", attempt.signal));
    const answer = read(await attempt.step(response.text()));
    if (!answer || answer.errors) throw whyNot(response, answer);
    return answer.data;
  } finally {
    attempt.end();
  }
}

/** Returns the error for an answer without data. */
export function whyNot({ status, url }: Response, answer: Answer | undefined): Error {
  const errors = answer?.errors;
  if (errors?.[0]?.extensions?.code) return refusalOf(errors);
  const said = `${url} answers with HTTP ${status}${errors ? `: ${refusalOf(errors).message}` : " and no GraphQL."}`;
  const isRefusal = status >= 400 && status < 500 && !TEMPORARY.has(status);
  return isRefusal ? new RefusedError(`HTTP_${status}`, said) : new ConnectionError(said);
}

/** Returns the answer in a text; undefined for a text that is no answer of GraphQL, such as a proxy's page. */
export function read(text: string): Answer | undefined {
  try {
    const answer = JSON.parse(text) as Answer | null;
    return answer?.data || answer?.errors ? answer : undefined;
  } catch {
    return undefined;
  }
}

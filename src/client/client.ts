import type { DocumentTypeDecoration } from "@graphql-typed-document-node/core";
import { type DocumentNode, print } from "graphql";
import { ask } from "./ask.ts";
import { type Endpoint, type NamedOperation, type Operation, serverUrls, type SocketClass } from "./endpoint.ts";
import { type FollowOptions, follow } from "./follow.ts";
import { CancelRunDocument, type CancelRunMutation, RunJobDocument, type RunJobMutation } from "./generated.ts";
import { createRetry, type RetryOptions } from "./retry.ts";
import { type FinishedRun, type JobReference, randomKey, referenceTo, type RunOptions, type StartedRun } from "./run.ts";
import { createTransport } from "./transport.ts";

/** Address of the server, and options of the connection. */
export interface ClientOptions {
  /** The server, as {@link serverUrls} takes it: `http://127.0.0.1:4000`, `https://jobs.example.com/graphql`; in a page also `/graphql`. */
  url: string;
  /** A user's key; without one, a page's user is the one who has signed in at the server in the browser. */
  token?: string | undefined;
  /**
   * After how many milliseconds without a sign of life an open connection is replaced: 30000 when absent. Opening one may take a third of it. The
   * server is asked for a sign after each half of it on a WebSocket, and gives one every 12 seconds by itself otherwise.
   */
  silenceMs?: number | undefined;
  /** Pace of the tries after a cut connection: from `minMs` (200) to `maxMs` (10000) apart, for `giveUpMs` (for ever). */
  retry?: Partial<Omit<RetryOptions, "onRetry">> | undefined;
  /** Another `fetch` than the global one. */
  fetch?: typeof fetch | undefined;
  /** Another class of sockets than the global one, such as that of the package `ws`; null for none, which leaves server-sent events. */
  WebSocket?: SocketClass | null | undefined;
}

/** Options of a run that is created and followed. */
export interface RunAndFollowOptions extends RunOptions, Omit<FollowOptions, "after"> {
  /** Told once the run is recorded, before its first line. */
  onStart?: ((run: StartedRun) => void) | undefined;
}

/** An operation with the types of its answer and variables, as codegen makes them of either kind. */
type TypedDocument<Answer, Variables> = DocumentTypeDecoration<Answer, Variables> & (DocumentNode | { toString(): string });

/**
 * Talks to a server as one user. Every call rejects with a `RefusedError` when the server says no, with a `ConnectionError` when it cannot be reached,
 * and with the reason of its signal. Nothing is open between calls.
 */
export interface Client {
  /** The data of a query or mutation. Asked once; rejects when anything of it failed. A document of which codegen has kept the hash alone is sent as its id. */
  query<Answer, Variables>(
    document: TypedDocument<Answer, Variables>,
    ...rest: {} extends Variables ? [variables?: Variables, options?: CallOptions] : [variables: Variables, options?: CallOptions]
  ): Promise<Answer>;
  query(document: string, variables?: Readonly<Record<string, unknown>>, options?: CallOptions): Promise<unknown>;
  /** Runs a job. A lost answer is asked for again, which does not run it twice. */
  run(job: JobReference, data?: unknown, options?: RunOptions & Pick<FollowOptions, "onRetry" | "signal">): Promise<StartedRun>;
  /** Follows a run's log to its end, over as many connections as it takes. */
  follow<Result = unknown>(jobResultId: string, options?: FollowOptions): Promise<FinishedRun<Result>>;
  /** Both. */
  runAndFollow<Result = unknown>(job: JobReference, data?: unknown, options?: RunAndFollowOptions): Promise<FinishedRun<Result>>;
  /** Cancels a run, which may end somewhat later. */
  cancel(jobResultId: string, reason?: string): Promise<CancelRunMutation["cancel_job_result"]>;
}

/** Options of a call. */
export interface CallOptions {
  signal?: AbortSignal | undefined;
}

/**
 * Makes a client; nothing is sent yet.
 * @throws {@link UrlError} for a URL to which nothing can be sent.
 */
export function createClient(options: ClientOptions): Client {
  const endpoint = endpointOf(options);
  const transport = createTransport(endpoint);
  const pace = { minMs: 200, maxMs: 10_000, giveUpMs: Infinity, ...options.retry };
  const once = (document: unknown, variables: unknown, signal?: AbortSignal, timeoutMs?: number) =>
    ask(endpoint, { ...documentOf(document), variables }, signal, timeoutMs);

  const client: Client = {
    async query(document: unknown, variables?: unknown, { signal }: CallOptions = {}) {
      return (await once(document, variables, signal)) as never;
    },
    async run(job, data, { signal, onRetry, ...rest } = {}) {
      const variables = { idempotency_key: randomKey(), ...rest, ...referenceTo(job), data };
      const retry = createRetry({ ...pace, onRetry }, ["INTERNAL_SERVER_ERROR"]);
      for (;;) {
        try {
          return ((await once(RunJobDocument, variables, signal, endpoint.silenceMs)) as RunJobMutation).run_job;
        } catch (error) {
          await retry.failed(error, signal);
        }
      }
    },
    follow: async (jobResultId, followOptions = {}) =>
      (await follow(
        {
          transport,
          ask: ({ query, variables }, signal) => once(query, variables, signal, endpoint.silenceMs),
          retry: pace,
        },
        jobResultId,
        followOptions,
      )) as never,
    async runAndFollow(job, data, { onStart, onLine, ...rest } = {}) {
      const run = await client.run(job, data, rest);
      onStart?.(run);
      return client.follow(run.id, { onLine, onRetry: rest.onRetry, signal: rest.signal });
    },
    async cancel(id, reason) {
      return ((await once(CancelRunDocument, { id, reason })) as CancelRunMutation).cancel_job_result;
    },
  };
  return client;
}

/** Returns the text of a document, or the id that codegen has left in its place (`mode: "replaceDocumentWithHash"`). */
function documentOf(document: unknown): NamedOperation | Operation {
  if (typeof document !== "object" || document === null) return { query: String(document) };
  if ("kind" in document) return { query: print(document as DocumentNode) };
  const { __meta__: meta, toString } = document as { __meta__?: { hash?: unknown } };
  const hasText = toString !== Object.prototype.toString;
  return !hasText && typeof meta?.hash === "string" ? { documentId: meta.hash } : { query: String(document) };
}

function endpointOf({ url, token, silenceMs = 30_000, fetch: given, WebSocket: ownClass }: ClientOptions): Endpoint {
  const socketClass = ownClass === undefined ? globalThis.WebSocket : ownClass;
  return {
    ...serverUrls(url),
    proof: token === undefined ? {} : { Authorization: `Token ${token}` },
    // A browser's fetch is called on its window only.
    fetch: given ?? ((...request) => fetch(...request)),
    // Node 20 has none.
    WebSocket: (socketClass as typeof WebSocket | undefined) ?? null,
    silenceMs,
  };
}

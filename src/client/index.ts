/*
 * A client for browsers and Node that runs jobs and follows their logs: `jobgraph/client`.
 *
 *   const client = createClient({ url: "http://127.0.0.1:4000", token: KEY });
 *   const run = await client.runAndFollow("hello_jobs.HelloJobs", { name: "Ada" }, { onLine: ({ message }) => console.log(message) });
 *
 * It needs nothing of the server's code; `fetch` and `WebSocket` are all that it uses of its surroundings.
 */
export { type CallOptions, type Client, type ClientOptions, createClient, type RunAndFollowOptions } from "./client.ts";
export { serverUrls, type ServerUrls, type SocketClass } from "./endpoint.ts";
export { ConnectionError, type ErrorDetail, RefusedError, UrlError } from "./errors.ts";
export type { FollowOptions } from "./follow.ts";
export { clientDocuments } from "./own-documents.ts";
export type { RetryOptions } from "./retry.ts";
export type { FinishedRun, JobReference, LogLine, RunError, RunOptions, StartedRun } from "./run.ts";

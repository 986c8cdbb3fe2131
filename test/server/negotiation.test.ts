import { expect, test } from "vitest";
import { KEY, openTestApp } from "../support/app.ts";

const JOBS = { "a.ts": `export const A = defineJob({ name: "A", enabled: true, run() {} });` };

const QUERY = "{ jobs { name } }";
const MUTATION = `mutation { update_job(name: "A", data: { description: "new" }) { name } }`;
/** A subscription that ends at once. */
const SUBSCRIPTION = `subscription { job_result(id: "01a20d41-bf32-73c7-86b0-37568f855895") { name } }`;

const JSON_TYPE = "application/json; charset=utf-8";
const GRAPHQL = "application/graphql-response+json; charset=utf-8";
const STREAM = "text/event-stream; charset=utf-8";
const REFUSED = "refused";

/** The header; the type of a query's and a mutation's answer, a number for a refusal; the type of a subscription's. */
const ACCEPTED: [accept: string | undefined, of: string | number, ofSubscription: string][] = [
  [undefined, JSON_TYPE, REFUSED],
  ["*/*", JSON_TYPE, REFUSED],
  ["application/*", JSON_TYPE, REFUSED],
  ["application/json", JSON_TYPE, REFUSED],
  ["Application/JSON", JSON_TYPE, REFUSED],
  // Clients of Nautobot's REST API.
  ["application/json; version=3.2", JSON_TYPE, REFUSED],
  ['application/json; version="3,2"; indent=4', JSON_TYPE, REFUSED],
  ["application/json;version=3.2;q=0.4, application/graphql-response+json;q=0.3", JSON_TYPE, REFUSED],
  // urql.
  [
    "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed",
    GRAPHQL,
    STREAM,
  ],
  // Apollo Client, Relay, graphql-http.
  ["multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json", JSON_TYPE, REFUSED],
  ["application/graphql-response+json; charset=utf-8, application/json; charset=utf-8", GRAPHQL, REFUSED],
  ["application/json, application/graphql-response+json", JSON_TYPE, REFUSED],
  ["application/json;q=0.5, application/graphql-response+json", GRAPHQL, REFUSED],
  ["application/json;q=0, */*", GRAPHQL, REFUSED],
  // graphql-sse, EventSource.
  ["text/event-stream", STREAM, STREAM],
  ["Text/Event-Stream", STREAM, STREAM],
  ["text/event-stream; charset=utf-8", STREAM, STREAM],
  ["text/*", STREAM, STREAM],
  // JSON is enough for one answer, in any place of the list.
  ["text/event-stream, application/json", JSON_TYPE, STREAM],
  ["application/json;q=0.1, text/event-stream;q=0.9", JSON_TYPE, STREAM],
  ["text/event-stream, */*;q=0.1", JSON_TYPE, STREAM],
  ["text/event-stream;q=0, application/json", JSON_TYPE, REFUSED],
  ["text/event-stream; q=0.0, */*", JSON_TYPE, REFUSED],
  ["application/json;q=0, text/event-stream", STREAM, STREAM],
  ["application/json;q=0, application/graphql-response+json; q=0, text/event-stream;q=0.1", STREAM, STREAM],
  ["text/plain", 406, REFUSED],
  ["text/event-stream;q=0", 406, REFUSED],
  ["nonsense", 406, REFUSED],
];

test.for(ACCEPTED)("Accept: %s", async ([accept, wanted, ofSubscription]) => {
  const { url } = await openTestApp(JOBS);
  const ask = async (query: string, method = "POST") => {
    const headers = { authorization: `Token ${KEY}`, "content-type": "application/json", ...(accept && { accept }) };
    const search = method === "GET" ? `?${new URLSearchParams({ query })}` : "";
    const body = method === "GET" ? {} : { body: JSON.stringify({ query }) };
    const response = await fetch(`${url}/graphql${search}`, { method, headers: { accept: "", ...headers }, ...body });
    return { status: response.status, type: response.headers.get("content-type"), text: await response.text() };
  };
  for (const answer of [await ask(QUERY), await ask(MUTATION), await ask(QUERY, "GET")]) {
    if (typeof wanted === "number") expect(answer.status).toBe(wanted);
    else expect(answer).toMatchObject({ status: 200, type: wanted });
  }
  const { status, type, text } = await ask(SUBSCRIPTION);
  if (ofSubscription === STREAM) return expect({ status, type }).toEqual({ status: 200, type: STREAM });
  expect({ status, type }).toEqual({ status: 400, type: JSON_TYPE });
  const [error] = JSON.parse(text).errors;
  expect(error.extensions.code).toBe("BAD_USER_INPUT");
  expect(error.message).toMatch(/WebSocket.*text\/event-stream/);
});

const NAMED = "query ($name: [String]) { jobs(name: $name) { name } }";

test.for<[contentType: string, body: string, status: number]>([
  ["application/json", JSON.stringify({ query: NAMED, variables: { name: ["A"] } }), 200],
  ["application/json", JSON.stringify({ query: NAMED, variables: '{"name": ["A"]}' }), 200],
  ["application/json", JSON.stringify({ query: NAMED, variables: "" }), 200],
  ["application/json", JSON.stringify({ query: NAMED, variables: "null" }), 200],
  ["application/json", JSON.stringify({ query: NAMED, variables: "{name: 1}" }), 400],
  ["application/json", JSON.stringify({ query: NAMED, variables: "[]" }), 400],
  ["application/json", JSON.stringify({ query: NAMED, variables: '"text"' }), 400],
  ["application/graphql", "{ jobs { name } }", 200],
  ["Application/GraphQL; charset=utf-8", '{ jobs(name: "A") { name } }', 200],
  ["application/graphql", "{ nothing }", 400],
  ["application/graphql", SUBSCRIPTION, 400],
])("a body of %s, %s, is answered with %i", async ([contentType, body, status]) => {
  const { url } = await openTestApp(JOBS);
  for (const accept of ["*/*", "application/json; version=3.2", "text/event-stream"]) {
    // Over an event stream a subscription begins, and tells its errors there.
    if (accept === "text/event-stream" && body === SUBSCRIPTION) continue;
    const response = await fetch(`${url}/graphql`, {
      method: "POST",
      headers: { authorization: `Token ${KEY}`, "content-type": contentType, accept },
      body,
    });
    expect([accept, response.status]).toEqual([accept, status]);
    const text = await response.text();
    if (status === 200) expect(text).toContain(`{"data":{"jobs":[{"name":"A"}]}}`);
    else expect(JSON.parse(text).errors[0].message).not.toContain("Internal");
  }
});

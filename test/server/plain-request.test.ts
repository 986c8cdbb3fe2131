import { expect, test } from "vitest";
import { KEY, openTestApp } from "../support/app.ts";
import { post } from "../support/client.ts";

const JOBS = { "a.ts": `export const A = defineJob({ name: "A", enabled: true, run() {} });` };

const query = "{ jobs { name } }";
const two = "query A { a: __typename } query B($limit: Int) { jobs(limit: $limit) { name } }";

interface Body {
  extensions?: unknown;
  [name: string]: unknown;
}

/** Bodies of requests, right and wrong. */
const BODIES: Readonly<Record<string, Body>> = {
  "a query": { query },
  "a query without any data": { query: "{ jobs(limit: 0) { name } }" },
  "what has to be escaped": { query: `{ jobs(name: ["é 😀 \\" \\\\ \\u2028"]) { name } __typename }` },
  introspection: { query: "{ __schema { queryType { name } } }" },
  "nulls for what is not given": { query, operationName: null, variables: null, extensions: null },
  variables: { query: two, operationName: "B", variables: { limit: 1 } },
  "variables that nothing asks for": { query, variables: { other: 1 } },
  "a variable of the wrong type": { query: two, operationName: "B", variables: { limit: "x" } },
  "no value for a variable that needs one": { query: "query ($id: ID!) { job(id: $id) { name } }" },
  "variables as text": { query, variables: "{}" },
  "variables as a list": { query, variables: [] },
  "no name where there are two operations": { query: two },
  "the name of no operation": { query: two, operationName: "C" },
  "an empty name": { query, operationName: "" },
  "a name that is none": { query, operationName: 1 },
  "an object that is not there": { query: `{ job(id: "00000000-0000-4000-8000-000000000000") { name } }` },
  "an argument that is refused": { query: `{ __typename jobs(limit: -1) { name } }` },
  "a mutation": { query: `mutation { update_job(class_path: "a.A", data: { grouping: "G" }) { grouping } }` },
  "a mutation that is refused": { query: `mutation { update_job(class_path: "b.B", data: { grouping: "G" }) { grouping } }` },
  "a subscription": { query: "subscription { job_results { id } }" },
  "no GraphQL": { query: "{ jobs {" },
  "what is not valid": { query: "{ nothing }" },
  "what is nested too deeply to be read": { query: `${"{a".repeat(6000)}${"}".repeat(6000)}` },
  "what is longer than is kept": { query: `${query}#${"x".repeat(20_000)}` },
  "fragments only": { query: "fragment F on Query { __typename }" },
  "an empty text": { query: "" },
  "no text": { query: 1 },
  "a query that nobody knows by its hash": { extensions: { persistedQuery: { version: 1, sha256Hash: "0".repeat(64) } } },
  "extensions as text": { query, extensions: "{}" },
};

const ACCEPT = [
  "",
  "*/*",
  "application/json",
  "application/json, multipart/mixed",
  "application/*;q=0.5",
  "application/graphql-response+json",
  "application/graphql-response+json, application/json",
  "application/graphql-response+json,application/json;q=0.9",
  "application/graphql-response+json; charset=utf-8, application/json; charset=utf-8",
  "text/plain",
];

const CONTENT_TYPES = [
  "application/json; charset=utf-8",
  "application/json;charset=UTF-8",
  "APPLICATION/JSON",
  "application/graphql+json",
  "text/plain",
  "application/x-www-form-urlencoded",
  "nonsense",
];

/** The whole answer to a body, and to the same body with extensions that say nothing: with these it is always Apollo Server that answers. */
async function bothAnswers(url: string, body: Body, headers: Record<string, string> = {}) {
  const answers = [body, { ...body, extensions: body.extensions ?? {} }].map(async (sent) => {
    const response = await fetch(`${url}/graphql`, {
      method: "POST",
      headers: { authorization: `Token ${KEY}`, "content-type": "application/json", ...headers },
      body: JSON.stringify(sent),
    });
    const { date: _, ...rest } = Object.fromEntries(response.headers);
    return {
      status: response.status,
      headers: rest,
      text: (await response.text()).replace(/log is [\w-]{36}|"id":"[\w-]{36}"/g, "ID"),
    };
  });
  return Promise.all(answers);
}

test("requests that are answered without Apollo Server have Apollo Server's answers", async () => {
  const { url } = await openTestApp(JOBS);
  for (const [what, body] of Object.entries(BODIES)) {
    const [plain, byApollo] = await bothAnswers(url, body);
    expect({ what, ...plain }).toEqual({ what, ...byApollo });
  }
  const headers = [...ACCEPT.map((accept) => ({ accept })), ...CONTENT_TYPES.map((type) => ({ "content-type": type }))];
  for (const sent of headers) {
    for (const body of [{ query }, { query: "{ nothing }" }, { query: "{ jobs(limit: -1) { name } }" }]) {
      const [plain, byApollo] = await bothAnswers(url, body, sent);
      expect({ sent, body, ...plain }).toEqual({ sent, body, ...byApollo });
    }
  }
});

test("a mutation that meets an error is carried out once, and earlier results are kept", async () => {
  const { url, client } = await openTestApp(JOBS);
  const document = `mutation {
    first: create_tag(data: { name: "new", content_types: ["extras.job"] }) { name }
    second: create_tag(data: { name: "", content_types: ["extras.job"] }) { name }
  }`;
  const { status, body } = await post(url, KEY, { query: document });
  expect([status, body.data, body.errors[0].path]).toEqual([200, null, ["second"]]);
  expect(await client.query("{ tags { name object_changes { action } } }")).toEqual({
    tags: [{ name: "new", object_changes: [{ action: "CREATE" }] }],
  });
});

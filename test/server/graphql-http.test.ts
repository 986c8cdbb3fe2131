import { auditServer } from "graphql-http";
import { expect, test } from "vitest";
import { KEY, openTestApp } from "../support/app.ts";

/** Audits that Apollo Server's answers fail, by id, and the reason for leaving each so. */
const PREVENTED_BY_APOLLO: Readonly<Record<string, string>> = {
  "572B":
    "A document that is no GraphQL is answered with 400 whatever is accepted; with 200 only those that accept application/json alone.",
  FDE2: "The same for a document that is not valid.",
  "7B9B":
    "The same for variables; `status400ForVariableCoercionErrors: false` would answer 200 to application/graphql-response+json too, which is worse, and goes with Apollo Server 6.",
};

test("the server does all that GraphQL over HTTP demands and recommends, except where Apollo Server prevents it", async () => {
  const { url } = await openTestApp({});
  const results = await auditServer({
    url: `${url}/graphql`,
    fetchFn: (to: string, init: RequestInit = {}) =>
      fetch(to, { ...init, headers: { ...init.headers, authorization: `Token ${KEY}` } }),
  });
  expect(results.length).toBeGreaterThan(60);
  const failed = results.filter(({ name, status }) => status !== "ok" && !name.startsWith("MAY"));
  expect(failed.map(({ id }) => id).toSorted()).toEqual(Object.keys(PREVENTED_BY_APOLLO).toSorted());
});

test("refusals of Apollo Server give the reason, in our words and not in Apollo's", async () => {
  const { url } = await openTestApp({});
  const response = await fetch(`${url}/graphql?query={__typename}`, { headers: { authorization: `Token ${KEY}` } });
  expect(response.status).toBe(400);
  const { errors } = (await response.json()) as { errors: { extensions: object }[] };
  expect(errors.map(({ extensions }) => extensions)).toEqual([{ code: "BAD_REQUEST" }]);
});

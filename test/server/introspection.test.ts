import { buildClientSchema, getIntrospectionQuery, type GraphQLSchema } from "graphql";
import { describe, expect, test } from "vitest";
import { createSchema } from "../../src/schema/index.ts";
import { KEY, openTestApp, type TestApp } from "../support/app.ts";
import { runToEnd } from "../support/runs.ts";
import { ASKING_JOB, waysOf } from "../support/approvals/ways.ts";
import { createPerson } from "../support/people.ts";
import { answerOver, type Transport, TRANSPORTS } from "../support/transports.ts";

const ASKS = {
  __schema: "{ __schema { queryType { name } } }",
  __type: `{ __type(name: "JobType") { name } }`,
  "an alias": `{ jobs(limit: 1) { __typename } mine: __schema { queryType { name } } }`,
  "a fragment": "query Q { ...Schema } fragment Schema on Query { ... on Query { __schema { queryType { name } } } }",
  "another operation of the document":
    "query { ...Mine } query Other { __schema { queryType { name } } } fragment Mine on Query { __typename }",
};
const HARMLESS = `{ __typename jobs(limit: 1, name: ["__schema", "__type"]) { __typename } }`;

const ask = ({ url }: TestApp, key: string, transport: Transport, query: string) =>
  answerOver(transport, url, { authorization: `Token ${key}` }, query);

describe("by default", () => {
  test("every user with a key is told the schema, by every way, as code generators ask for it", async () => {
    const app = await openTestApp(ASKING_JOB);
    const typesOf = (schema: GraphQLSchema) => Object.keys(schema.getTypeMap()).toSorted();
    const types = typesOf(createSchema());
    for (const [way, send] of Object.entries(waysOf(app))) {
      const { data } = await send({ query: getIntrospectionQuery() });
      expect([way, typesOf(buildClientSchema(data))]).toEqual([way, types]);
    }
    const ada = await createPerson(app, { username: "ada" }, []);
    expect(buildClientSchema((await ada.client.query(getIntrospectionQuery())) as never)).toBeDefined();
    expect((await ada.client.refused("{ jobs { nam } }")).message).toContain("Did you mean");
  });

  test.for(TRANSPORTS)("nobody without a key is, over %s", async (transport) => {
    const app = await openTestApp({});
    for (const key of ["wrong", "wrong-again"]) {
      const answer = await ask(app, key, transport, ASKS["__schema"]);
      expect(answer.data).toBeUndefined();
      expect([401, undefined]).toContain(answer.status);
      expect([4403, undefined]).toContain(answer.closed?.code);
    }
  });
});

describe.each(["off", "superusers"] as const)("INTROSPECTION=%s", (introspection) => {
  test.for(TRANSPORTS)("tells nobody else, and answers everything else, over %s", async (transport) => {
    const app = await openTestApp({}, { introspection });
    const ada = await createPerson(app, { username: "ada" }, []);
    const message =
      introspection === "off"
        ? "The server does not tell its schema: INTROSPECTION is off."
        : "The server tells its schema to superusers only: INTROSPECTION says so.";
    for (const [what, query] of Object.entries(ASKS)) {
      const refused = [what, { errors: [{ message, extensions: { code: "FORBIDDEN" } }] }];
      if (introspection === "off") expect([what, await ask(app, KEY, transport, query)]).toMatchObject(refused);
      else if (!query.includes("Other")) expect((await ask(app, KEY, transport, query)).errors).toBeUndefined();
      // A superuser's is kept parsed by now.
      expect([what, await ask(app, ada.key, transport, query)]).toMatchObject(refused);
    }
    expect(await ask(app, ada.key, transport, HARMLESS)).toHaveProperty("data.__typename", "Query");
  });

  test.for(TRANSPORTS)("suggests no names to those who guess, over %s", async (transport) => {
    const app = await openTestApp({}, { introspection });
    const wrong = [
      `{ jobs { nam } }`,
      `{ jobz { name } }`,
      `{ jobs(nam: ["a"]) { name } }`,
      `{ __type(name: "a") { nam } }`,
      `{ ... on JobTyp { id } }`,
      `{ object_changes(action: CREAT) { id } }`,
    ];
    for (const query of wrong) {
      const { errors } = await ask(app, KEY, transport, query);
      expect([query, errors!.length > 0, errors!.some(({ message }) => message.includes("Did you mean"))]).toEqual([
        query,
        true,
        false,
      ]);
    }
  });

  test("leaves jobs alone: they are the server's own side", async () => {
    const { client } = await openTestApp(ASKING_JOB, { introspection });
    const { result } = await runToEnd(client, "asking.Ask", { query: ASKS["__schema"] });
    expect(result).toEqual({ data: { __schema: { queryType: { name: "Query" } } } });
  });
});

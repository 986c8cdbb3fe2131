import { expect, test } from "vitest";
import * as generated from "../../src/client/generated.ts";
import { clientDocuments, createClient } from "../../src/client/index.ts";
import { KEY, openTestApp } from "../support/app.ts";
import { idOf, manifestOf, writeManifests } from "../support/manifests.ts";

const JOB = {
  "says.ts": `export const Says = defineJob({ name: "Says", enabled: true, run: ({ logger }) => { logger.info("Hello"); return "said"; } });`,
};
const FIRST = "query First($limit: Int) { jobs(limit: $limit) { name } }";

/** Documents as codegen writes them with `mode: "replaceDocumentWithHash"`, and with the hash besides the text. */
const named = (hash: string) => ({ __meta__: { hash } }) as { toString(): string };
const both = (text: string, hash: string) => Object.assign(new String(text), { __meta__: { hash } });

const openListing = async () =>
  openTestApp(JOB, {
    trustedDocuments: await writeManifests({ "client.json": manifestOf(clientDocuments), "own.json": manifestOf([FIRST]) }),
    untrustedDocuments: "off",
  });

test.each([
  ["WebSocket", {}],
  ["server-sent events", { WebSocket: null }],
])("a server that trusts the client's own documents has it run, follow and cancel, over %s", async (_, options) => {
  const { url } = await openListing();
  const client = createClient({ url, token: KEY, ...options });
  const lines: string[] = [];
  const run = await client.runAndFollow("says.Says", {}, { onLine: ({ message }) => void lines.push(message) });
  expect([run.result, lines]).toEqual(["said", ["Hello"]]);
  await expect(client.cancel(run.id)).rejects.toMatchObject({ code: "NOT_CANCELABLE" });
});

test("all documents of the client are in its list", () => {
  const texts = Object.entries(generated).flatMap(([name, value]) => (name.endsWith("Document") ? [String(value)] : []));
  expect(clientDocuments.toSorted()).toEqual(texts.toSorted());
});

test("a document of which codegen has kept the hash alone is sent as its id, others as their texts", async () => {
  const { url } = await openListing();
  const client = createClient({ url, token: KEY });
  const answer = { jobs: [{ name: "Says" }] };
  expect(await client.query(named(idOf(FIRST)), { limit: 1 })).toEqual(answer);
  expect(await client.query(both(FIRST, "of another server"), { limit: 1 })).toEqual(answer);
  await expect(client.query(named("unknown"))).rejects.toMatchObject({ code: "PERSISTED_QUERY_NOT_FOUND" });
  await expect(client.query(both("{ jobs { id } }", idOf(FIRST)))).rejects.toMatchObject({ code: "FORBIDDEN" });
});

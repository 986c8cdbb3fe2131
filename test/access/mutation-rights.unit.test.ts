import { expect, test } from "vitest";
import { MUTATION_RIGHTS } from "../../src/access/mutation-rights.ts";
import { createSchema } from "../../src/schema/index.ts";
import { mutationRows } from "../support/mutation-table.ts";
import { readPage } from "../support/pages.ts";

test("each mutation of the schema has a row in the table of rights, and each row a mutation", () => {
  const mutations = Object.keys(createSchema().getMutationType()!.getFields());
  expect(mutations.length).toBeGreaterThan(50);
  expect([...MUTATION_RIGHTS.keys()].toSorted()).toEqual(mutations.toSorted());
});

test("a row names a right, says in a sentence which it needs, or leaves that to its mutation", () => {
  const silent = [...MUTATION_RIGHTS].filter(
    ([, { needs, ofKind, besides, decidesItself }]) => needs.length === 0 && !ofKind && !besides && !decidesItself,
  );
  expect(silent).toEqual([]);
});

test("an argument that names the kind of objects is one of its mutation", () => {
  const fields = createSchema().getMutationType()!.getFields();
  const wrong = [...MUTATION_RIGHTS].filter(
    ([name, { ofKind }]) => ofKind && !fields[name]!.args.some((argument) => argument.name === ofKind.argument),
  );
  expect(wrong).toEqual([]);
});

test("the page of permissions has the table of rights", async () => {
  const page = await readPage("docs/access.md");
  const section = /<!-- mutations -->([^]*?)<!-- end of mutations -->/.exec(page)![1]!;
  const rows = section
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.replaceAll(/ +/g, " "));
  expect(rows).toEqual(mutationRows());
});

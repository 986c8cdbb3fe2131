import { readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { relative } from "node:path";
import { gzipSync } from "node:zlib";
import { buildSchema, Kind, parse } from "graphql";
import { rolldown } from "rolldown";
import { expect, test } from "vitest";

test("a page can have the client: nothing of Node, nothing of the server, and small", async () => {
  const bundle = await rolldown({ input: "src/client/index.ts", platform: "browser", external: isBuiltin, logLevel: "silent" });
  const { output } = await bundle.generate({ format: "esm", minify: true });
  const [chunk] = output;
  expect(output).toHaveLength(1);
  expect(chunk.imports).toEqual([]);
  const modules = chunk.moduleIds.map((id) => relative(".", id)).filter((id) => !id.startsWith("src/client/"));
  expect(modules.filter((id) => !/^node_modules\/(eventsource-parser|graphql|graphql-ws)\//.test(id))).toEqual([]);
  // graphql-ws has a place to look for a class in Node, behind `typeof`.
  const code = chunk.code.replace("global.WebSocket||global.MozWebSocket", "");
  expect(code).not.toMatch(/\b(process|Buffer|global|require)\b[.([]/);
  // 11.1 KB when this was written.
  expect(gzipSync(chunk.code).length).toBeLessThan(12_000);
});

test("run takes all arguments of run_job", async () => {
  const schema = buildSchema(await readFile("schema.graphql", "utf8"));
  const { args } = schema.getMutationType()!.getFields()["run_job"]!;
  const document = parse(await readFile("src/client/documents.graphql", "utf8"));
  const run = document.definitions.find((one) => one.kind === Kind.OPERATION_DEFINITION && one.name?.value === "RunJob");
  const variables = (run as { variableDefinitions?: readonly { variable: { name: { value: string } } }[] }).variableDefinitions;
  expect(variables!.map(({ variable }) => variable.name.value).toSorted()).toEqual(args.map(({ name }) => name).toSorted());
});

import { cellOf, writeCsv } from "./csv.ts";
import type { ModelField } from "./object-model.ts";
import type { PlainObject } from "./read-pages.ts";

/** Formats of exported objects. */
export type ExportFormat = "csv" | "json" | "yaml";

/** The text of a file of objects, as their pages come. */
export async function* writeObjects(
  format: ExportFormat,
  fields: readonly ModelField[],
  pages: AsyncIterable<PlainObject[]>,
): AsyncGenerator<string> {
  const write = { csv: writeCsvFile, json: writeJsonFile, yaml: writeYamlFile }[format];
  yield* write(fields, pages);
}

async function* writeCsvFile(fields: readonly ModelField[], pages: AsyncIterable<PlainObject[]>): AsyncGenerator<string> {
  yield writeCsv([fields.map(({ name }) => name)]);
  for await (const page of pages)
    if (page.length > 0) yield writeCsv(page.map((object) => fields.map(({ name, kind }) => cellOf(object[name], kind))));
}

async function* writeJsonFile(_: readonly ModelField[], pages: AsyncIterable<PlainObject[]>): AsyncGenerator<string> {
  let before = "[\n";
  for await (const page of pages) {
    for (const object of page) {
      yield before + JSON.stringify(object);
      before = ",\n";
    }
  }
  yield before === "[\n" ? "[]\n" : "\n]\n";
}

async function* writeYamlFile(_: readonly ModelField[], pages: AsyncIterable<PlainObject[]>): AsyncGenerator<string> {
  const { writeYaml } = await import("./yaml.ts");
  let isEmpty = true;
  for await (const page of pages) {
    if (page.length === 0) continue;
    isEmpty = false;
    yield writeYaml(page);
  }
  if (isEmpty) yield "[]\n";
}

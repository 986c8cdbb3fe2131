import { hash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inject } from "vitest";

let folders = 0;

/** Returns the id of a document, as GraphQL Code Generator's client preset makes it with `hashAlgorithm: "sha256"`. */
export const idOf = (text: string): string => `sha256:${hash("sha256", text)}`;

/** Returns a manifest of documents, in the form of that preset. */
export const manifestOf = (texts: readonly string[]): Record<string, string> =>
  Object.fromEntries(texts.map((text) => [idOf(text), text]));

/** Writes manifests into a folder of their own. @returns its path. */
export async function writeManifests(files: Readonly<Record<string, unknown>>): Promise<string> {
  const folder = join(inject("scratch"), `manifests-${process.pid}-${folders++}`);
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(files))
    await writeFile(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
  return folder;
}

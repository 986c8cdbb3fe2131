import { readFile } from "node:fs/promises";
import { readdirSync } from "node:fs";

const ROOT = new URL("../../", import.meta.url);

/** Paths of the pages that people read, from the root of the repository. */
export const PAGES: readonly string[] = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(new URL("docs/", ROOT)).map((name) => `docs/${name}`),
];

/** Returns the text of a file of the repository. */
export const readPage = (path: string): Promise<string> => readFile(new URL(path, ROOT), "utf8");

/** Returns every document of GraphQL that the pages show. */
export async function shownDocuments(): Promise<string[]> {
  const texts = await Promise.all(PAGES.map(readPage));
  return texts.flatMap((text) => [...text.matchAll(/```graphql\n([^]*?)```/g)].map((match) => match[1]!));
}

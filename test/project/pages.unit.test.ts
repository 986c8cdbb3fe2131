import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse, validate } from "graphql";
import { expect, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { createSchema } from "../../src/schema/index.ts";
import { PAGES, readPage, shownDocuments } from "../support/pages.ts";

/** Files that the pages have their reader write, or that a server or a run writes. */
const READERS_OWN = new Set(["count_vlans.ts", "changes.ts", "welcome.ts", "greet.mjs", "feed.mjs", "errors.json"]);

/** A text in code style that names a file, or a folder by a slash at its end: `src/main.ts`, `entities/models/`. */
const NAMED = /`([\w.@*-]+(?:\/[\w.@*-]+)*(?:\.(?:cjs|graphql|js|json|md|mjs|ts|tsx|yml)|\/))`/g;
const LINK = /\[[^\]]*\]\(([^)\s]+)\)/g;

/** Text of a page without its blocks of code. */
const proseOf = (page: string) => page.replaceAll(/^```[^]*?^```/gm, "");

/** Anchors of a page's headings, as GitHub makes them. */
const anchorsOf = (page: string) =>
  [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, "")
      .replaceAll(" ", "-"),
  );

test("every file that a page names exists", async () => {
  const missing: string[] = [];
  for (const page of PAGES) {
    for (const [, path] of proseOf(await readPage(page))
      .replaceAll(LINK, "")
      .matchAll(NAMED)) {
      const isKnown = READERS_OWN.has(path!.split("/").at(-1)!) || path!.includes("*");
      // A path of the server's sources may leave out the folder that all of them share.
      if (!isKnown && ![path!, join("src", path!), join(dirname(page), path!)].some((at) => existsSync(at)))
        missing.push(`${page}: ${path}`);
    }
  }
  expect(missing).toEqual([]);
});

test("every link within the repository leads to a file, and to a heading in it", async () => {
  const broken: string[] = [];
  for (const page of PAGES) {
    for (const [, link] of proseOf(await readPage(page)).matchAll(LINK)) {
      if (/^[a-z]+:/.test(link!)) continue;
      const [path, anchor] = link!.split("#");
      const target = path === "" ? page : join(dirname(page), path!);
      if (!existsSync(target)) broken.push(`${page}: ${link}`);
      else if (anchor !== undefined && !anchorsOf(await readPage(target)).includes(anchor)) broken.push(`${page}: ${link}`);
    }
  }
  expect(broken).toEqual([]);
});

test("every operation that a page shows is valid", async () => {
  const { customFields } = loadConfig({ CUSTOM_FIELDS: "job.owner,job.tier:integer" });
  const schema = createSchema(customFields);
  const wrong = (await shownDocuments()).flatMap((text) => validate(schema, parse(text)).map(({ message }) => message));
  expect(wrong).toEqual([]);
});

test("the page of settings names every setting, and no other", async () => {
  const source = await readPage("src/config.ts");
  const environment = source.slice(source.indexOf("const environment"), source.indexOf("export function loadConfig"));
  const settings = [...environment.matchAll(/^ {2}([A-Z_]+):/gm)].map(([, name]) => name!);
  const cells = [...(await readPage("docs/settings.md")).matchAll(/^\| ([^|]+) \|/gm)].map(([, cell]) => cell!);
  const named = cells.flatMap((cell) => [...cell.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name!));
  expect(named.filter((name) => name !== "ADMIN_TOKEN_FILE").toSorted()).toEqual(settings.toSorted());
});

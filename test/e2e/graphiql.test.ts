import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { expect, test } from "vitest";
import { follow, hasBrowser, openBrowser } from "../support/machines/browser.ts";
import { scratchFolder, startServer } from "../support/machines/process.ts";

const KEY = "given-key-0123456789";
/** Speaks, and goes on to further lines once there is a file for them. */
const JOBS = `import { existsSync } from "node:fs";
import { defineJob, z } from "jobgraph";
export const Speaks = defineJob({ name: "Speaks", enabled: true, variables: z.object({ folder: z.string() }), async run({ logger, data }) {
  for (let n = 1; n <= 120; n++) {
    logger.info("said " + n);
    const next = data.folder + "/go-on-to-" + (n + 40);
    while (n % 40 === 0 && n < 120 && !existsSync(next)) await new Promise((again) => setTimeout(again, 10));
  }
} });
`;

/** An element of a page, as the browser has it. */
interface Box {
  textContent: string | null;
  getBoundingClientRect(): { top: number; bottom: number };
  querySelectorAll(selector: string): Iterable<Box>;
}

/** Numbers of the lines that can be read in the answer, from its top to its bottom. */
async function shownIn(answer: Locator): Promise<number[]> {
  const texts = await answer.evaluate((element) => {
    const pane = element as unknown as Box;
    const { top, bottom } = pane.getBoundingClientRect();
    return [...pane.querySelectorAll(".view-line")]
      .map((line) => ({ place: line.getBoundingClientRect(), text: line.textContent ?? "" }))
      .filter(({ place }) => place.top >= top && place.bottom <= bottom)
      .toSorted((one, other) => one.place.top - other.place.top)
      .map(({ text }) => text);
  });
  return texts.flatMap((text) => /"sequence":\s(\d+)/.exec(text)?.[1] ?? []).map(Number);
}

test.skipIf(!hasBrowser)("the page opens and says so where its user may send no documents of their own", async () => {
  const folder = await scratchFolder();
  await writeFile(join(folder, "documents.json"), "{}");
  const { url } = await startServer({
    DATABASE_URL: `sqlite:${folder}/jobgraph.db`,
    JOBS_ROOT: folder,
    ADMIN_TOKEN: KEY,
    TRUSTED_DOCUMENTS: join(folder, "documents.json"),
    UNTRUSTED_DOCUMENTS: "off",
  });
  const page = await (await openBrowser()).newPage();
  await page.goto(`${url}/graphql#token=${KEY}`);
  await page.getByText("The jobs of this server").waitFor();
  const answer = page.locator(".graphiql-response");
  await answer.getByText("UNTRUSTED_DOCUMENTS").waitFor();
  expect((await answer.innerText()).replaceAll(/\s+/g, " ")).toContain("UNTRUSTED_DOCUMENTS is off.");
  await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
  await page.getByText("Error fetching schema").waitFor();
});

test.skipIf(!hasBrowser)("the Follow tab shows a log as it grows, at the widths of a desk and of a phone", async () => {
  const folder = await scratchFolder();
  await mkdir(join(folder, "jobs"));
  await writeFile(join(folder, "jobs", "own.ts"), JOBS);
  const { url, client } = await startServer({
    DATABASE_URL: `sqlite:${folder}/jobgraph.db`,
    JOBS_ROOT: join(folder, "jobs"),
    ADMIN_TOKEN: KEY,
  });
  const page = await (await openBrowser()).newPage();
  await page.goto(`${url}/graphql#token=${KEY}`);
  const { run_job } = await client.query(
    `mutation ($data: GenericScalar) { run_job(class_path: "own.Speaks", data: $data) { id } }`,
    { data: { folder } },
  );
  const answer = await follow(page, run_job.id);
  const ends = async (last: number) => {
    await expect.poll(async () => (await shownIn(answer)).at(-1)).toBe(last);
    const shown = await shownIn(answer);
    expect(shown.length).toBeGreaterThanOrEqual(3);
    expect(shown).toEqual(shown.map((_, n) => last - shown.length + 1 + n));
  };
  const goOn = (to: number) => writeFile(join(folder, `go-on-to-${to}`), "");
  await ends(40);
  await goOn(80);
  await ends(80);
  await page.setViewportSize({ width: 390, height: 1600 });
  await goOn(120);
  await ends(120);
});

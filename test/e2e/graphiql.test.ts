import { accessSync, constants } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { chromium, type Locator, type Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
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

/** Path of the Chromium of this machine; undefined where there is none. */
function findChromium(): string | undefined {
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  const places = (process.env["PATH"] ?? "").split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  return places.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const executablePath = findChromium();
if (!executablePath) console.log("No Chromium is on the PATH: the test that opens GraphiQL in a browser is skipped.");

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

async function follow(page: Page, id: string): Promise<Locator> {
  await page.getByText("The jobs of this server").waitFor();
  await page.getByText("Follow", { exact: true }).click();
  await page.locator(".graphiql-editor-tool .monaco-editor").first().click();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.press("Backspace");
  // The editor adds what closes the text and the object.
  await page.keyboard.type(`{"job_result_id":"${id}`);
  await page.locator(".graphiql-execute-button").click();
  return page.locator(".graphiql-response");
}

async function openGraphiql(url: string): Promise<Page> {
  // Chromium's own sandbox cannot be had by the superuser.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const browser = await chromium.launch({ executablePath: executablePath!, args });
  onTestFinished(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1280, height: 1600 } });
  await page.goto(`${url}/graphql#token=${KEY}`);
  return page;
}

test.skipIf(!executablePath)("the page opens and says so where its user may send no documents of their own", async () => {
  const folder = await scratchFolder();
  await writeFile(join(folder, "documents.json"), "{}");
  const { url } = await startServer({
    DATABASE_URL: `sqlite:${folder}/jobgraph.db`,
    JOBS_ROOT: folder,
    ADMIN_TOKEN: KEY,
    TRUSTED_DOCUMENTS: join(folder, "documents.json"),
    UNTRUSTED_DOCUMENTS: "off",
  });
  const page = await openGraphiql(url);
  await page.getByText("The jobs of this server").waitFor();
  const answer = page.locator(".graphiql-response");
  await answer.getByText("UNTRUSTED_DOCUMENTS").waitFor();
  expect((await answer.innerText()).replaceAll(/\s+/g, " ")).toContain("UNTRUSTED_DOCUMENTS is off.");
  await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
  await page.getByText("Error fetching schema").waitFor();
});

test.skipIf(!executablePath)("the Follow tab shows a log as it grows, at the widths of a desk and of a phone", async () => {
  const folder = await scratchFolder();
  await mkdir(join(folder, "jobs"));
  await writeFile(join(folder, "jobs", "own.ts"), JOBS);
  const { url, client } = await startServer({
    DATABASE_URL: `sqlite:${folder}/jobgraph.db`,
    JOBS_ROOT: join(folder, "jobs"),
    ADMIN_TOKEN: KEY,
  });
  const page = await openGraphiql(url);
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

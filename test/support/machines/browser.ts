import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type BrowserContext, chromium, type Locator, type Page } from "playwright-core";
import { onTestFinished } from "vitest";

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
if (!executablePath) console.log("No Chromium is on the PATH: the tests that open GraphiQL in a browser are skipped.");

/** False where tests with a browser are skipped: there is none, and `REQUIRE_CHROMIUM=1` does not ask for it. */
export const hasBrowser = executablePath !== undefined || process.env["REQUIRE_CHROMIUM"] === "1";

/** Opens a browser without cookies. */
export async function openBrowser(viewport = { width: 1280, height: 1600 }): Promise<BrowserContext> {
  // Chromium's own sandbox cannot be had by the superuser.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const browser = await chromium.launch({ executablePath: executablePath!, args });
  onTestFinished(() => browser.close());
  return browser.newContext({ viewport });
}

/** Opens the log of a run in the Follow tab of GraphiQL, and returns the place of the answer. */
export async function follow(page: Page, id: string): Promise<Locator> {
  await page.getByText("The jobs of this server").waitFor();
  await page.getByText("Follow", { exact: true }).click();
  await page.locator(".graphiql-editor-tool .monaco-editor").first().click();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.press("Backspace");
  // The editor adds what closes the text and the object.
  await page.keyboard.type(`{"job_result_id":"${id}`);
  await execute(page);
  return page.locator(".graphiql-response");
}

/** Sends the operation of GraphiQL's open tab. */
export const execute = (page: Page): Promise<void> => page.locator(".graphiql-execute-button").click();

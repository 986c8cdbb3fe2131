import { join, resolve } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { execute, follow, hasBrowser, openBrowser } from "../support/machines/browser.ts";
import { scratchFolder, startServer } from "../support/machines/process.ts";
import { CLIENT, startProvider } from "../support/provider.ts";

const KEY = "given-key-0123456789";
const PASSWORD = "correct horse battery";

/** Starts a server with the example jobs and a user `ada`, who may do everything. */
async function startWithAda(env: Record<string, string> = {}) {
  const server = await start({ ADMIN_TOKEN: KEY, ...env });
  const data = { username: "ada", password: PASSWORD, is_superuser: true };
  const { create_user } = await server.client.query(`mutation ($data: CreateUserInput!) { create_user(data: $data) { id } }`, {
    data,
  });
  return { ...server, id: create_user.id };
}

async function start(env: Record<string, string> = {}) {
  const folder = await scratchFolder();
  return startServer({ DATABASE_URL: `sqlite:${join(folder, "jobgraph.db")}`, JOBS_ROOT: resolve("jobs"), ...env });
}

async function signIn(page: Page, username: string, password: string): Promise<void> {
  await page.getByLabel("Username").fill(username);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Names of the buttons that stand beside the name of the person. */
const offered = (page: Page) => page.locator(".account > button").allTextContents();
const nameIn = (page: Page) => page.locator(".account > span").textContent();
const problemIn = (page: Page) => page.locator(".sign-in").getByRole("alert").textContent();

describe.skipIf(!hasBrowser)("GraphiQL", () => {
  test("of a first start: the printed link lets in, and a password does so from then on", async () => {
    const { url, key } = await start();
    const browser = await openBrowser();
    const page = await browser.newPage();
    await page.goto(`${url}/graphql#token=${key}`);
    expect([await nameIn(page), await offered(page)]).toEqual(["admin", ["Set a password", "Sign out"]]);
    expect(page.url()).toBe(`${url}/graphql`);
    await page.getByRole("button", { name: "Set a password" }).click();
    await page.getByLabel("New password").fill(PASSWORD);
    await page.getByRole("button", { name: "Set the password" }).click();
    await expect.poll(() => offered(page)).toEqual(["Sign out"]);
    expect(await page.evaluate("JSON.stringify(sessionStorage)")).not.toContain(key);

    const other = await browser.newPage();
    await other.goto(`${url}/graphql`);
    expect([await nameIn(other), await offered(other)]).toEqual(["admin", ["Sign out"]]);
    await execute(other);
    await other.locator(".graphiql-response").getByText("hello_jobs.HelloJobs").waitFor();
    await other.getByRole("button", { name: "Sign out" }).click();
    await signIn(other, "admin", PASSWORD);
    expect(await nameIn(other)).toBe("admin");
  });

  test("follows a run for somebody who is signed in, and asks again once the session is over", async () => {
    const { url, client, id } = await startWithAda({ AUTH_CACHE_MS: "0" });
    const page = await (await openBrowser()).newPage();
    await page.goto(`${url}/graphql`);
    await signIn(page, "ada", PASSWORD);
    const { run_job } = await client.query(
      `mutation { run_job(class_path: "hello_jobs.HelloJobs", data: { name: "Ada" }) { id } }`,
    );
    const answer = await follow(page, run_job.id);
    await answer.getByText("Hello, Ada!").waitFor();
    await client.query(`mutation ($id: ID!, $data: UpdateUserInput!) { update_user(id: $id, data: $data) { id } }`, {
      id,
      data: { password: `${PASSWORD} staple` },
    });
    await execute(page);
    expect(await problemIn(page)).toBe("Your session has ended: sign in again.");
    await signIn(page, "ada", `${PASSWORD} staple`);
    expect(await nameIn(page)).toBe("ada");
  });

  test("tells of a wrong password, of too many, and of a wrong key; a right key lets in", async () => {
    const { url } = await startWithAda({ MAX_FAILED_SIGN_INS_PER_MINUTE: "1" });
    const page = await (await openBrowser({ width: 390, height: 800 })).newPage();
    await page.goto(`${url}/graphql#token=wrong`);
    expect(await problemIn(page)).toBe("The key is unknown or has expired, or its user is not active.");
    await page.reload();
    await signIn(page, "ada", "wrong");
    expect(await problemIn(page)).toBe("The username or the password is wrong.");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect.poll(() => problemIn(page)).toMatch(/^Too many sign-ins from your address failed: try again in \d+ s\.$/);
    await page.getByRole("button", { name: "Use a key instead" }).click();
    await page.getByLabel("Key").fill("wrong-too");
    await page.getByRole("button", { name: "Use the key" }).click();
    expect(await problemIn(page)).toBe("The key is unknown or has expired, or its user is not active.");
    await page.getByLabel("Key").fill(KEY);
    await page.getByRole("button", { name: "Use the key" }).click();
    expect(await nameIn(page)).toBe("admin");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Username").waitFor();
    await page.reload();
    await page.getByLabel("Username").waitFor();
    expect(await page.getByRole("link").count()).toBe(0);
  });

  test("leads to the provider where there is one, and back", async () => {
    const provider = await startProvider();
    const first = await start({ ADMIN_TOKEN: KEY });
    // The public URL has the port of the server, which the first start tells.
    await first.stop();
    const { url } = await start({
      ADMIN_TOKEN: KEY,
      PORT: new URL(first.url).port,
      PUBLIC_URL: first.url,
      OIDC_ISSUER: provider.issuer,
      OIDC_CLIENT_ID: CLIENT.id,
      OIDC_CLIENT_SECRET: CLIENT.secret,
    });
    const page = await (await openBrowser()).newPage();
    await page.goto(`${url}/graphql`);
    await page.getByRole("link", { name: "Sign in at your organization" }).click();
    expect(await nameIn(page)).toBe("ada");
    expect(page.url()).toBe(`${url}/graphql`);
  });
});

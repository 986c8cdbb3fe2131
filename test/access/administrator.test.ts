import { once } from "node:events";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { Config } from "../../src/config.ts";
import { StartError } from "../../src/errors.ts";
import { openTestApp } from "../support/app.ts";
import { post } from "../support/client.ts";
import { freshDatabaseUrl } from "../support/database.ts";

const isLetIn = async (url: string, key: string | undefined) =>
  (await post(url, key, { query: "{ __typename }" })).status === 200;

test("the first start that works shows a key, however many have failed before, and the next ones show none", async () => {
  const busy = createServer().listen(0, "127.0.0.1");
  await once(busy, "listening");
  onTestFinished(() => void busy.close());
  const database = { databaseUrl: await freshDatabaseUrl(), adminToken: undefined };
  const wrong: Partial<Config>[] = [
    { port: (busy.address() as { port: number }).port },
    { host: "no-address" },
    { jobsRoot: "/nowhere/jobs" },
    { systemJobsRoot: "/nowhere/jobs" },
    { secretKey: undefined, secretKeyFile: "/dev/null/key" },
  ];
  for (const config of wrong) await expect(openTestApp({}, { ...database, ...config })).rejects.toThrow(StartError);
  const first = await openTestApp({}, database);
  expect(await isLetIn(first.url, first.newKey)).toBe(true);
  await first.close();
  const second = await openTestApp({}, database);
  expect(second.newKey).toBeUndefined();
  expect(await isLetIn(second.url, first.newKey)).toBe(true);
});

test("servers that start at once make one administrator, whose key one of them shows", async () => {
  const database = { databaseUrl: await freshDatabaseUrl(), adminToken: undefined };
  const apps = await Promise.all(Array.from({ length: 4 }, () => openTestApp({}, database)));
  const shown = apps.flatMap(({ newKey }) => newKey ?? []);
  expect(shown).toHaveLength(1);
  for (const { url } of apps) expect(await isLetIn(url, shown[0])).toBe(true);
});

test("a key that is given lets the administrator in, beside those that did before", async () => {
  const databaseUrl = await freshDatabaseUrl();
  const keys = [undefined, "one-given-key-0123456789", "another-given-key-0123456789"];
  const shown: string[] = [];
  for (const adminToken of keys) {
    const app = await openTestApp({}, { databaseUrl, adminToken });
    expect(app.newKey === undefined).toBe(adminToken !== undefined);
    shown.push(adminToken ?? app.newKey!);
    for (const key of shown) expect(await isLetIn(app.url, key)).toBe(true);
    await app.close();
  }
});

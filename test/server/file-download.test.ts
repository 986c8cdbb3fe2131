import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { KEY, openTestApp } from "../support/app.ts";
import { runToEnd } from "../support/runs.ts";

const JOBS = {
  "files.ts": `
export const Leaves = defineJob({ name: "Leaves", enabled: true, variables: z.object({ name: z.string(), size: z.int() }),
  run: ({ createFile, data }) => createFile(data.name, Buffer.alloc(data.size, "ab")) });
`,
};
const headers = { authorization: `Token ${KEY}` };

async function setup(name = "report.csv", size = 500_000) {
  const app = await openTestApp(JOBS);
  const { result } = await runToEnd(app.client, "files.Leaves", { name, size });
  const { file_proxy: file } = await app.client.query(`query ($id: ID!) { file_proxy(id: $id) { download_url size } }`, {
    id: result.id,
  });
  return { app, id: result.id as string, url: app.url + file.download_url };
}

test("a file comes as it is, as an attachment", async () => {
  const { url } = await setup();
  const response = await fetch(url, { headers });
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "application/octet-stream",
    "content-length": "500000",
    "content-disposition": `attachment; filename="report.csv"; filename*=UTF-8''report.csv`,
    "x-content-type-options": "nosniff",
  });
  expect(Buffer.from(await response.arrayBuffer()).equals(Buffer.alloc(500_000, "ab"))).toBe(true);
  expect((await fetch(url.replace(/\/$/, ""), { headers })).status).toBe(200);
});

test("HEAD has the same headers and no body; other methods are refused", async () => {
  const { url } = await setup();
  const response = await fetch(url, { method: "HEAD", headers });
  expect([response.status, response.headers.get("content-length"), await response.text()]).toEqual([200, "500000", ""]);
  expect((await fetch(url, { method: "DELETE", headers })).status).toBe(400);
});

test("an empty file, and a name that no header could hold as it is", async () => {
  const { url } = await setup('Zürich "1"; é.csv\u2028', 0);
  const response = await fetch(url, { headers });
  expect([response.headers.get("content-length"), await response.text()]).toEqual(["0", ""]);
  expect(response.headers.get("content-disposition")).toBe(
    `attachment; filename="Z_rich _1_; _.csv_"; filename*=UTF-8''Z%C3%BCrich%20%221%22%3B%20%C3%A9.csv%E2%80%A8`,
  );
});

test("nobody has it without a key, wherever else the key stands", async () => {
  const { url } = await setup("a", 1);
  expect((await fetch(url)).status).toBe(401);
  expect((await fetch(`${url}?token=${KEY}`)).status).toBe(401);
  expect((await fetch(url, { headers: { authorization: "Token wrong" } })).status).toBe(401);
});

test("a missing file is 404", async () => {
  const { app, id, url } = await setup("a", 1);
  for (const other of ["0190a000-0000-7000-8000-000000000000", "..%2f..%2fetc%2fpasswd", "x"]) {
    expect((await fetch(url.replace(id, other), { headers })).status).toBe(404);
  }
  await rm(join(app.config.filesRoot, id));
  const gone = await fetch(url, { headers });
  expect([gone.status, ((await gone.json()) as any).errors[0].extensions.code]).toEqual([404, "NOT_FOUND"]);
});

test("a client that goes away in the middle harms nobody", async () => {
  const { app, url } = await setup("large", 9_000_000);
  for (let n = 0; n < 5; n++) {
    const abort = new AbortController();
    const response = await fetch(url, { headers, signal: abort.signal });
    await response.body!.getReader().read();
    abort.abort();
  }
  expect((await fetch(url, { headers })).status).toBe(200);
  expect(app.logged.filter((line) => Number(line["level"]) >= 50)).toEqual([]);
});

import { expect, test } from "vitest";
import { KEY, openTestApp } from "../support/app.ts";
import { send } from "../support/http.ts";

const PAGE = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": expect.stringContaining("camera=()"),
};
const DATA = {
  ...PAGE,
  "content-security-policy": expect.stringMatching(/^default-src 'none';.*frame-ancestors 'none'/),
  "cache-control": "no-store",
};

test("every page, its files, and every answer that a browser may open is safe to open", async () => {
  const { url } = await openTestApp({});
  const html = { accept: "text/html" };
  const page = await send(`${url}/graphql`, { headers: html });
  expect(page.headers).toMatchObject({
    ...PAGE,
    "content-security-policy": expect.stringMatching(/^default-src 'none'; script-src 'self';.*frame-ancestors 'none'/),
  });
  const [, script] = /src="(\/graphiql\/[^"]+\.js)"/.exec(page.text)!;
  expect((await send(url + script!)).headers).toMatchObject(PAGE);
  for (const answer of [
    await send(`${url}/`, { headers: html }),
    await send(`${url}/nowhere`, { headers: html }),
    await send(`${url}/auth/session`, { headers: html }),
    await send(`${url}/auth/sign-in`, { headers: html }),
    await send(`${url}/graphql?query=%7Bme%7Bid%7D%7D`, { headers: html }),
    await send(`${url}/api/extras/file-proxies/x/download/`, { headers: { ...html, authorization: `Token ${KEY}` } }),
  ])
    expect(answer.headers).toMatchObject(DATA);
});

import { expect, onTestFinished, test } from "vitest";
import { createClient, serverUrls, UrlError } from "../../src/client/index.ts";

/** Schemes, and whether they stand for TLS. */
const SCHEMES = [
  ["http", ""],
  ["ws", ""],
  ["HTTP", ""],
  ["https", "s"],
  ["wss", "s"],
] as const;
const PATHS = {
  "": "/graphql",
  "/": "/graphql",
  "/graphql": "/graphql",
  "/graphql/": "/graphql",
  "/graphql#token=0123": "/graphql",
  "/api/graphql": "/api/graphql",
  "/api/graphql/": "/api/graphql/",
  "/behind/a/proxy?for=jobs": "/behind/a/proxy?for=jobs",
};

test.for(SCHEMES)("a server is found with %s, by any of its paths", ([scheme, s]) => {
  for (const [given, path] of Object.entries(PATHS))
    expect(serverUrls(`${scheme}://[::1]:4000${given}`)).toEqual({
      url: `http${s}://[::1]:4000${path}`,
      socketUrl: `ws${s}://[::1]:4000${path}`,
    });
});

test("a page finds its server by a path", () => {
  onTestFinished(() => void Reflect.deleteProperty(globalThis, "location"));
  Object.assign(globalThis, { location: { href: "https://jobs.example.com/graphql/page?tab=1#token=0123" } });
  for (const path of ["/", "/graphql", "/graphql/"])
    expect(serverUrls(path)).toEqual({
      url: "https://jobs.example.com/graphql",
      socketUrl: "wss://jobs.example.com/graphql",
    });
});

test.for([
  "",
  "127.0.0.1:4000",
  "localhost:4000",
  "//127.0.0.1:4000",
  "/graphql",
  "http://",
  "http://a b",
  "ftp://127.0.0.1",
  "httpss://a",
])("a text that is no URL of a server is refused with a sentence that names it: %j", (given) => {
  const sentence = `"${given}" is not the URL of a server, such as http://127.0.0.1:4000 or wss://jobs.example.com/graphql.`;
  expect(() => createClient({ url: given, token: "x" })).toThrow(sentence);
  expect(() => serverUrls(given)).toThrow(UrlError);
});

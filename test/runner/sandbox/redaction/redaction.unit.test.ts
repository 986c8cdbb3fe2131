import { inspect } from "node:util";
import fc, { check, constantFrom, property, string, uniqueArray, integer, array } from "fast-check";
import { expect, test } from "vitest";
import { createPrinter } from "../../../../src/runner/sandbox/inside/printer.ts";
import { createRedactor } from "../../../../src/runner/sandbox/redaction/redaction.ts";
import { DEFAULT_SANITIZER_PATTERNS } from "../../../../src/sanitizer-patterns.ts";

const redactorOf = (...secrets: string[]) => createRedactor({ secrets, patterns: [] });
const hide = (secret: string, text: string) => redactorOf(secret).text(text, 100_000);

const CANARY = `c4n4ry "q'uote\\ & Ü/ß+?= end`;
const PEM = `-----BEGIN KEY-----\n${"MIIEvQIBADANBgkq".repeat(4)}\n${"kiG9w0BAQEFAASC".repeat(4)}\n-----END KEY-----\n`;

const PRINTS: Record<string, (secret: string) => string> = {
  plain: (secret) => secret,
  "in words": (secret) => `the password ${secret} was wrong`,
  "in JSON": (secret) => JSON.stringify({ a: [secret] }),
  "in JSON in JSON": (secret) => JSON.stringify({ body: JSON.stringify({ secret }) }),
  inspected: (secret) => inspect({ secret, list: [secret] }),
  "in a URL": (secret) => `https://host/?key=${encodeURIComponent(secret)}&x=1`,
  "in a URL's path": (secret) => encodeURI(`https://host/${secret}`),
  "in a form": (secret) => new URLSearchParams({ a: secret }).toString(),
  "in HTML": (secret) =>
    `<b>${secret.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")}</b>`,
  base64: (secret) => Buffer.from(secret).toString("base64"),
  "base64 after others": (secret) => Buffer.from(`user:${secret}`).toString("base64"),
  "base64 between others": (secret) => Buffer.from(`ab${secret}cd`).toString("base64"),
  base64url: (secret) => Buffer.from(secret).toString("base64url"),
  hexadecimal: (secret) => Buffer.from(secret).toString("hex"),
  "hexadecimal in capitals": (secret) => Buffer.from(secret).toString("hex").toUpperCase(),
  "a Buffer": (secret) => inspect(Buffer.from(secret)),
  "a Buffer in an object": (secret) => inspect({ secret: Buffer.from(`x${secret}`) }),
  bytes: (secret) => inspect(new Uint8Array(Buffer.from(secret))),
  "numbers in JSON": (secret) => JSON.stringify(Buffer.from(secret)),
  "an error": (secret) => new Error(`wrong: ${secret}`).stack!,
};

/** Runs of characters of a text that a reader could put together again. */
const remains = (shown: string, secret: string) =>
  secret
    .split("\n")
    .filter((line) => line.length >= 8)
    .filter((line) => [line, JSON.stringify(line).slice(1, -1), encodeURIComponent(line)].some((form) => shown.includes(form)));

test.for(Object.keys(PRINTS))("a secret is hidden: %s", (name) => {
  const print = PRINTS[name]!;
  for (const secret of [CANARY, PEM, "short1", "hunter2"]) {
    const shown = hide(secret, print(secret));
    expect(shown).toContain("(redacted)");
    expect(remains(shown, secret)).toEqual([]);
    // In any spelling of bytes: only the text around the secret is left.
    const decoded = [...shown.matchAll(/[\w+/=-]{8,}/g)].flatMap(([word]) => [
      Buffer.from(word, "base64").toString(),
      Buffer.from(word, "hex").toString(),
    ]);
    for (const text of decoded) expect(text).not.toContain(secret.slice(0, 6));
  }
});

test("a secret of characters that take two units is hidden whole, however long it is", () => {
  for (let before = 0; before < 4; before++)
    for (const length of [2, 31, 32, 33, 63, 64, 65, 100]) {
      const secret = `${"x".repeat(before)}${"😀".repeat(length)}end`;
      expect([secret, hide(secret, `(${secret})`)]).toEqual([secret, "((redacted))"]);
    }
});

test("a text without a secret stays as it is", () => {
  const text = "interface Gi0/1 is up (redacted?) c4n4r hunter";
  expect(redactorOf(CANARY, "hunter2", "").text(text, 1000)).toBe(text);
});

test("a secret of fewer than four characters is hidden as a word of its own only", () => {
  const redactor = redactorOf("42", "ab");
  expect(redactor.text("42 of 1420, 42; ab abc (ab)", 100)).toBe("(redacted) of 1420, (redacted); (redacted) abc ((redacted))");
});

test("a secret that begins before the cut is cut with it", () => {
  for (let before = 60; before <= 110; before += 1) {
    const shown = redactorOf("s3cr3t-s3cr3t").text(`${"x".repeat(before)}s3cr3t-s3cr3t${"y".repeat(5000)}`, 100);
    expect(shown).toMatch(/^x+(\(r?e?d?a?c?t?e?d?\)?)?y*… \[\d+ characters cut\]$/);
    expect(shown.length).toBeLessThanOrEqual(100);
  }
});

test("numbers, names and texts of a result", () => {
  const redactor = redactorOf("48151623", "hunter2");
  const result = {
    hunter2: [48151623, 1, "a hunter2 b", null, true],
    bytes: Buffer.from("hunter2").toJSON(),
    other: { deep: "hunter2" },
  };
  expect(redactor.json(result)).toEqual({
    "(redacted)": ["(redacted)", 1, "a (redacted) b", null, true],
    bytes: { type: "Buffer", data: ["(redacted)"] },
    other: { deep: "(redacted)" },
  });
});

test("texts in any pieces never print the secret, and nothing else is missing", () => {
  const letters = constantFrom("a", "b", "\n");
  const secret = string({ unit: constantFrom("a", "b"), minLength: 4, maxLength: 9 });
  const pieces = array(string({ unit: letters, maxLength: 12 }), { maxLength: 12 });
  const result = check(
    property(uniqueArray(secret, { minLength: 1, maxLength: 3 }), pieces, integer({ min: 0, max: 12 }), (secrets, texts, at) => {
      const written = texts.toSpliced(at, 0, secrets[0]!.slice(0, 3), secrets[0]!.slice(3));
      const printer = createPrinter(redactorOf(...secrets));
      const printed = [...written.flatMap((text) => printer.print("stdout", text)), ...printer.rest()];
      const shown = printed.map(([, text]) => text).join("");
      for (const one of secrets) expect(shown).not.toContain(one);
      const whole = written.join("");
      const parts = shown.split("(redacted)");
      let from = 0;
      for (const part of parts) {
        const found = whole.indexOf(part, from);
        expect(found).toBeGreaterThanOrEqual(from);
        from = found + part.length;
      }
      // A character that no secret covers is printed.
      const covers = (n: number) =>
        secrets.some((one) => whole.slice(Math.max(0, n - one.length + 1), n + one.length).includes(one));
      const uncovered = [...whole].filter((_, n) => !covers(n));
      expect(parts.join("").length).toBeGreaterThanOrEqual(uncovered.length);
    }),
    { numRuns: 1000 },
  );
  expect(result.failed ? result.counterexample : null).toBeNull();
});

test("a write that cannot be the beginning of a secret is told at once", () => {
  const printer = createPrinter(redactorOf("canary"));
  expect(printer.print("stdout", "Password: ").map(([, text]) => text)).toEqual(["Password: "]);
  expect(printer.print("stdout", "can")).toEqual([]);
  expect(printer.print("stderr", "ary").map(([, text]) => text)).toEqual(["ary"]);
  expect(printer.print("stdout", "ary\n").map(([, text]) => text)).toEqual(["(redacted)\n"]);
});

test.for([
  ["connecting to https://ada:hunter2@core-1/api", "connecting to https://(redacted)@core-1/api"],
  ["ssh://ada:p@ss@core-1", "ssh://(redacted)@core-1"],
  ["password=hunter2 user=ada", "password=(redacted) user=ada"],
  [`{"db_password": "hunter 2", "name": "x"}`, `{"db_password": (redacted), "name": "x"}`],
  ["the password is hunter2", "the password is (redacted)"],
  ["Authorization: Bearer abc.def", "Authorization: Bearer (redacted)"],
  ["API_KEY: 123", "API_KEY: (redacted)"],
  ["username admin password 7 0822455D0A16", "username admin password 7 (redacted)"],
  ["the password is (redacted)", "the password is (redacted)"],
  ['{"password": (redacted), "token": "(redacted)"}', '{"password": (redacted), "token": (redacted)}'],
  ["snmp-server community publ1c RO", "snmp-server community (redacted) RO"],
  ["snmp-server community public RO", "snmp-server community (redacted) RO"],
  ["snmp-server community 0 private RW 10", "snmp-server community 0 (redacted) RW 10"],
  ["set snmp community public authorization read-only", "set snmp community (redacted) authorization read-only"],
  ["snmp-agent community read cipher public", "snmp-agent community read cipher (redacted)"],
  ["snmp-server host 192.0.2.1 traps version 2c public", "snmp-server host 192.0.2.1 traps version 2c (redacted)"],
  ["snmp_community = public", "snmp_community = (redacted)"],
  ['{"community": "public"}', '{"community": (redacted)}'],
  ["community publ1c", "community (redacted)"],
  ["enable secret 5 $1$mERr$hx5rVt7rPNoS4wqbXKX7m0", "enable secret 5 (redacted)"],
  ["password changed for ada@example.com", "password changed for ada@example.com"],
  ["community of 12 switches; token expired", "community of 12 switches; token expired"],
  ...[
    "community 65000:100",
    "community: 65000:100, 65000:200",
    '{"community": "65000:100"}',
    "set community 65000:100 65000:200 additive",
    "set community 65000:1:2 additive",
    "set extcommunity rt 65000:100",
    "set community no-export",
    "match community CUST-1",
    "bgp community 192.0.2.1:100",
    "policy-options community CUST-1 members target:65000:100",
    "ip community-list standard CUST-1 permit 65000:*",
    "send-community both",
  ].map((text) => [text, text] as const),
  ["see https://example.com/a?b=c#d for more @ home", "see https://example.com/a?b=c#d for more @ home"],
] as const)("patterns hide their matches, and nothing else: %s", ([text, shown]) => {
  expect(createRedactor({ secrets: [], patterns: DEFAULT_SANITIZER_PATTERNS }).text(text, 1000)).toBe(shown);
});

test.for([
  "password",
  "password ",
  "://",
  "a://",
  "secret is ",
  "authorization:",
  "password 7 ",
  "aaaaaaaaaaaaaaaa",
  "password='",
  " ",
])("a hostile text of a million characters costs patterns no more than any: %s", (piece) => {
  const redactor = createRedactor({ secrets: ["s3cr3t-s3cr3t"], patterns: DEFAULT_SANITIZER_PATTERNS });
  const steps = (length: number) => {
    const text = piece.repeat(Math.ceil(length / piece.length));
    const started = process.cpuUsage();
    redactor.text(text, length);
    return process.cpuUsage(started).user;
  };
  steps(1000);
  // A quadratic one would take a thousand times as long for ten times the text, and minutes for this.
  expect(steps(1_000_000)).toBeLessThan(2_000_000);
});

/** Pieces of texts that come close to secrets, marks and patterns. */
const PIECES = [
  ..."abcd 42 a ( ) redacted (redacted) \" ' = : @ :// password is secret token community snmp-server 65000:100 7 public, ab👩‍🚀".split(
    " ",
  ),
  " ",
  " ",
  "\n",
  "\0",
  "… [12 characters cut]",
];
const textOfPieces = array(constantFrom(...PIECES), { maxLength: 12 }).map((parts) => parts.join(""));
const SECRETS = ["abcd", "42", "a", "redacted", "(red", "cut]", "d 42", "x(redacted)y"];
const someSecrets = fc.subarray(SECRETS);

test("redacting twice changes nothing more", () => {
  const twice = property(someSecrets, textOfPieces, constantFrom(12, 30, 60, 10_000), (secrets, text, maxLength) => {
    const redactor = createRedactor({ secrets, patterns: DEFAULT_SANITIZER_PATTERNS });
    const shown = redactor.text(text, maxLength);
    expect(redactor.text(shown, maxLength)).toBe(shown);
    // The mark that tells of a cut is never left out.
    expect(shown.length).toBeLessThanOrEqual(Math.max(maxLength, 40));
  });
  fc.assert(twice, { numRuns: 5000 });
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      textOfPieces,
      constantFrom(42, 4242, -42, 7, null, true),
      array(constantFrom(42, 7, 97, 98, 99, 100), { maxLength: 8 }),
      array(tie("value"), { maxLength: 4 }),
      fc.dictionary(constantFrom("abcd", "42", "x42", "abcdabcd", "other"), tie("value"), { maxKeys: 4 }),
    ),
  })).value;
  const json = property(someSecrets, value, (secrets, given) => {
    const redactor = createRedactor({ secrets, patterns: [] });
    const shown = redactor.json(given);
    expect(redactor.json(shown)).toEqual(shown);
    expectSameShape(given, shown);
  });
  fc.assert(json, { numRuns: 3000 });
});

/** A value that is no secret keeps its kind, and nothing is lost but bytes that are one secret together. */
function expectSameShape(given: unknown, shown: unknown): void {
  if (Array.isArray(given)) {
    expect(shown).toBeInstanceOf(Array);
    if (given.every(Number.isInteger)) return;
    expect(shown).toHaveLength(given.length);
    for (const [n, item] of given.entries()) expectSameShape(item, (shown as unknown[])[n]);
  } else if (typeof given === "object" && given !== null) {
    const values = Object.values(shown as object);
    expect(values).toHaveLength(Object.keys(given).length);
  } else if (typeof given === "number") expect([given, "(redacted)"]).toContain(shown);
  else expect(typeof shown).toBe(typeof given);
}

test("a number, a byte or a name that is secret leaves its neighbours as they are", () => {
  const redactor = redactorOf("20", "4815", "hunter2");
  const bytes = [...Buffer.from("x hunter2 y")];
  expect(
    redactor.json({ vlans: [10, 20, 30], sizes: [1, 48150, 2.5], bytes, "20": 1, "4815": 2, other: { count: 20, more: 200 } }),
  ).toEqual({
    vlans: [10, "(redacted)", 30],
    sizes: [1, "(redacted)", 2.5],
    bytes: [120, 32, "(redacted)", 32, 121],
    "(redacted)": 1,
    "(redacted)(redacted)": 2,
    other: { count: "(redacted)", more: 200 },
  });
});

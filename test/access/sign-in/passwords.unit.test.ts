import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { hashPassword, isOutdated, isPassword, wrongPassword } from "../../../src/access/sign-in/passwords.ts";

/** Hashes of other programs: the test vector of the argon2 command line, and one of argon2-cffi. */
const FOREIGN = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

test("a hash is a PHC string with OWASP's parameters and a salt of its own, and knows its password", async () => {
  const [one, other] = [await hashPassword("correct horse battery"), await hashPassword("correct horse battery")];
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  expect(one).not.toBe(other);
  expect([await isPassword("correct horse battery", one), await isPassword("correct horse batterY", one)]).toEqual([true, false]);
  expect(isOutdated(one)).toBe(false);
});

test("hashes of other programs and parameters are read, and told to be outdated", async () => {
  expect([await isPassword("password", FOREIGN), await isPassword("passworD", FOREIGN), isOutdated(FOREIGN)]).toEqual([
    true,
    false,
    true,
  ]);
});

test("the same letters written in another way are the same password", async () => {
  const hash = await hashPassword("Gr\u00fc\u00dfe aus Z\u00fcrich");
  expect(await isPassword("Gru\u0308\u00dfe aus Zu\u0308rich", hash)).toBe(true);
});

test.for([
  null,
  "",
  "plain text",
  "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
  "$argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
  "$argon2id$v=19$m=256,t=0,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
  "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$AA",
])("no password fits the stored hash %j", async (hash) => {
  for (const password of ["password", "", "x".repeat(2000)]) expect(await isPassword(password, hash)).toBe(false);
});

test("a password has 12 to 1000 characters", () => {
  expect([wrongPassword("x".repeat(11)), wrongPassword("🔑".repeat(11))]).toEqual(
    Array(2).fill("A password has at least 12 characters."),
  );
  expect([wrongPassword("x".repeat(12)), wrongPassword("🔑".repeat(1000))]).toEqual([undefined, undefined]);
  expect(wrongPassword("x".repeat(1001))).toBe("A password has at most 1000 characters.");
});

test("hashes are computed outside the thread, two at a time", async () => {
  let [isDone, turns] = [false, 0];
  const hashes = Promise.all([1, 2, 3, 4].map(() => hashPassword(randomBytes(20).toString("hex")))).then(() => (isDone = true));
  while (!isDone) {
    turns += 1;
    await new Promise((resolve) => void setImmediate(resolve));
  }
  await hashes;
  expect(turns).toBeGreaterThan(10);
});

import { expect, test } from "vitest";
import { createAuthenticator, hashKey } from "../../src/access/authenticate.ts";
import { openDatabase } from "../../src/entities/database.ts";
import { Token, User } from "../../src/entities/index.ts";
import { freshDatabaseUrl } from "../support/database.ts";

async function withToken(expires: Date | null) {
  const database = await openDatabase(await freshDatabaseUrl());
  const em = database.fork();
  const user = em.create(User, { username: "ada" }, { partial: true });
  em.create(Token, { user, keyHash: hashKey("good"), expires }, { partial: true });
  await em.flush();
  return database;
}

test("a key that was found is remembered for as long as it may be, and no longer than it lasts", async () => {
  const lasting = await withToken(null);
  const remembering = createAuthenticator(lasting, 60_000);
  const asking = createAuthenticator(lasting, 0);
  for (const authenticate of [remembering, asking])
    expect(await authenticate({ authorization: "Token good" })).toMatchObject({ username: "ada" });
  await lasting.rows.deleteFrom("token").execute();
  expect(await remembering({ authorization: "Bearer good" })).toMatchObject({ username: "ada" });
  await expect(asking({ authorization: "Token good" })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  await lasting.close();

  const forgotten = await withToken(null);
  let later = 0;
  const forgetting = createAuthenticator(forgotten, 1000, { now: () => -later * 1000, elapsed: () => later });
  expect(await forgetting({ authorization: "Token good" })).toMatchObject({ username: "ada" });
  await forgotten.rows.deleteFrom("token").execute();
  later = 999;
  expect(await forgetting({ authorization: "Token good" })).toMatchObject({ username: "ada" });
  later = 1000;
  await expect(forgetting({ authorization: "Token good" })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  await forgotten.close();

  const expires = new Date("2026-01-01T00:00:00Z");
  const expiring = await withToken(expires);
  let now = expires.getTime() - 1;
  const authenticate = createAuthenticator(expiring, 60_000, { now: () => now, elapsed: () => 0 });
  expect(await authenticate({ authorization: "Token good" })).toMatchObject({ username: "ada" });
  now += 1;
  await expect(authenticate({ authorization: "Token good" })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  await expiring.close();
});

test.for([undefined, "", "good", "Basic good", "Token", "Token bad", "Token good extra", 7])(
  "%s is refused",
  async (authorization) => {
    const database = await withToken(null);
    await expect(createAuthenticator(database, 1000)({ authorization })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await database.close();
  },
);

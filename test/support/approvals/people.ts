import { onTestFinished } from "vitest";
import type { TestApp } from "../app.ts";
import { createClient, type TestClient } from "../client.ts";

/** Somebody with a key of their own. */
export interface Person {
  id: string;
  key: string;
  client: TestClient;
}

/** Makes somebody who uses an app. */
export async function createPerson(
  app: Pick<TestApp, "client" | "url">,
  data: { username: string; is_staff?: boolean },
): Promise<Person> {
  const { create_user } = await app.client.query(`mutation ($data: CreateUserInput!) { create_user(data: $data) { id } }`, {
    data,
  });
  const { create_token } = await app.client.query(`mutation ($user: String!) { create_token(user: $user) { key } }`, {
    user: create_user.id,
  });
  const client = createClient(app.url, create_token.key);
  onTestFinished(() => client.close());
  return { id: create_user.id, key: create_token.key, client };
}

/** Creates a requester, who could also decide on the requests of others, an approver, and a stranger, who may not approve. */
export async function people(
  app: Pick<TestApp, "client" | "url">,
): Promise<Record<"approver" | "requester" | "stranger", Person>> {
  return {
    requester: await createPerson(app, { username: "requester", is_staff: true }),
    approver: await createPerson(app, { username: "approver", is_staff: true }),
    stranger: await createPerson(app, { username: "stranger" }),
  };
}

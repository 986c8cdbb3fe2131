import type { SqlEntityManager } from "@mikro-orm/sql";
import { onTestFinished } from "vitest";
import { Group, type User } from "../../src/entities/index.ts";
import type { TestApp } from "./app.ts";
import { createClient, type TestClient } from "./client.ts";

/** Somebody with a key of their own. */
export interface Person {
  id: string;
  key: string;
  client: TestClient;
}

/** Makes somebody who uses an app, as a user of some groups that every server has. */
export async function createPerson(
  app: Pick<TestApp, "client" | "url">,
  data: { username: string; is_staff?: boolean; is_superuser?: boolean },
  groups: readonly string[] = ["Operators", "Authors", ...(data.is_staff ? ["Approvers"] : [])],
): Promise<Person> {
  const { create_user } = await app.client.query(`mutation ($data: CreateUserInput!) { create_user(data: $data) { id } }`, {
    data,
  });
  for (const name of groups) await joinGroup(app, create_user.id, name);
  const { create_token } = await app.client.query(`mutation ($user: String!) { create_token(user: $user) { key } }`, {
    user: create_user.id,
  });
  const client = createClient(app.url, create_token.key);
  onTestFinished(() => client.close());
  return { id: create_user.id, key: create_token.key, client };
}

/** Makes a user a member of a group. */
async function joinGroup({ client }: Pick<TestApp, "client">, userId: string, name: string): Promise<void> {
  const { groups } = await client.query(`query ($name: [String]) { groups(name: $name) { id users { id } } }`, { name: [name] });
  const [group] = groups!;
  await client.query(`mutation ($id: ID!, $data: UpdateGroupInput!) { update_group(id: $id, data: $data) { id } }`, {
    id: group!.id,
    data: { users: [...group!.users!.map(({ id }) => id), userId] },
  });
}

/** Creates a requester, who could also decide on the requests of others, an approver, and a stranger, who may not approve. All of them may change the schedules of others. */
export async function people(
  app: Pick<TestApp, "client" | "url">,
): Promise<Record<"approver" | "requester" | "stranger", Person>> {
  const everybody = {
    requester: await createPerson(app, { username: "requester", is_staff: true }),
    approver: await createPerson(app, { username: "approver", is_staff: true }),
    stranger: await createPerson(app, { username: "stranger" }),
  };
  const permission = {
    name: "Change the schedules of others",
    users: Object.values(everybody).map(({ id }) => id),
    object_types: ["extras.scheduledjob"],
    actions: ["change", "delete"],
  };
  await app.client.query(`mutation ($data: CreateObjectPermissionInput!) { create_object_permission(data: $data) { id } }`, {
    data: permission,
  });
  return everybody;
}

/** Has a user who is written with `em` be a member of groups that every server has. */
export async function joinGroups(em: SqlEntityManager, user: User, names: readonly string[]): Promise<void> {
  for (const group of await em.find(Group, { name: [...names] }, { populate: ["users"] })) group.users.add(user);
}

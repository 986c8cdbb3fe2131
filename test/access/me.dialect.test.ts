import { expect, test } from "vitest";
import { Group, User } from "../../src/entities/index.ts";
import { openTestApp } from "../support/app.ts";
import { createPerson } from "../support/people.ts";
import { grant } from "../support/grants.ts";
import { databaseOf } from "../support/rows.ts";

const ME = `{ me { id username first_name last_name email is_staff is_superuser write_enabled groups permissions } }`;
const CAN = `query ($action: String!, $type: String!, $id: ID) { me { can(action: $action, object_type: $type, id: $id) } }`;

test("a superuser is told everything, and may do everything", async () => {
  const { client } = await openTestApp({});
  const { me } = (await client.query(ME)) as any;
  expect(me).toMatchObject({ username: "admin", is_staff: true, is_superuser: true, write_enabled: true, groups: [] });
  expect(me.permissions).toContain("extras.run_job");
  expect(me.permissions).toContain("users.add_token");
  expect(me.permissions.filter((name: string) => name.includes("*"))).toEqual([]);
  expect(((await client.query(CAN, { action: "delete", type: "users.user" })) as any).me.can).toBe(true);
});

test("others are told of their groups, names and rights, without any permission to read them", async () => {
  const app = await openTestApp({});
  const ada = await createPerson(app, { username: "ada" }, []);
  const em = (await databaseOf(app)).fork();
  const user = await em.findOneOrFail(User, { username: "ada" });
  Object.assign(user, { firstName: "Ada", lastName: "L", email: "ada@example.com" });
  for (const name of ["Two", "One"]) em.create(Group, { name, users: [user] } as never, { partial: true });
  await em.flush();
  expect(((await ada.client.query(ME)) as any).me).toEqual({
    id: ada.id,
    username: "ada",
    first_name: "Ada",
    last_name: "L",
    email: "ada@example.com",
    is_staff: false,
    is_superuser: false,
    write_enabled: true,
    groups: ["One", "Two"],
    permissions: [],
  });
  await grant(app, "ada", ["extras.tag", "extras.jobqueue"], ["view", "change"], { name: "One" });
  expect(((await ada.client.query(ME)) as any).me.permissions).toEqual([
    "extras.change_jobqueue",
    "extras.change_tag",
    "extras.view_jobqueue",
    "extras.view_tag",
  ]);
});

test("`can` tells of any object, and of one object", async () => {
  const app = await openTestApp({});
  const ada = await createPerson(app, { username: "ada" }, []);
  const ids = [];
  for (const name of ["One", "Two"])
    ids.push(
      (
        (await app.client.query(
          `mutation ($name: String!) { create_tag(data: { name: $name, content_types: ["extras.job"] }) { id } }`,
          {
            name,
          },
        )) as any
      ).create_tag.id,
    );
  await grant(app, "ada", ["extras.tag"], ["change"], { name: "One" });
  const can = async (action: string, type: string, id?: string) =>
    ((await ada.client.query(CAN, { action, type, id })) as any).me.can;
  expect([
    await can("change", "extras.tag"),
    await can("change", "extras.tag", ids[0]),
    await can("change", "extras.tag", ids[1]),
  ]).toEqual([true, true, false]);
  expect([await can("delete", "extras.tag"), await can("change", "extras.tag", "x"), await can("run", "extras.job")]).toEqual([
    false,
    false,
    false,
  ]);
});

test.for([
  [{ action: "*", type: "extras.tag" }, "action"],
  [{ action: "view", type: "extras.nothing" }, "object_type"],
  [{ action: "view", type: "extras.worker" }, "object_type"],
] as const)("%j is refused by its field", async ([variables, field]) => {
  const { client } = await openTestApp({});
  expect((await client.refused(CAN, variables)).extensions).toMatchObject({ code: "BAD_USER_INPUT", details: [{ field }] });
});

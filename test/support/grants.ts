import type { Action } from "../../src/access/rights.ts";
import { ContentType, ObjectPermission, User } from "../../src/entities/index.ts";
import { newId } from "../../src/entities/new-id.ts";
import type { TestApp } from "./app.ts";
import { databaseOf } from "./rows.ts";

/** Gives a user a permission for objects of these kinds, as an administrator would. @returns its name. */
export async function grant(
  app: TestApp,
  username: string,
  types: readonly string[],
  actions: readonly Action[],
  constraints: object | null = null,
): Promise<string> {
  const em = (await databaseOf(app)).fork();
  const name = `${newId()} of ${username}`;
  em.create(
    ObjectPermission,
    {
      name,
      actions: [...actions],
      constraints: constraints as ObjectPermission["constraints"],
      users: [await em.findOneOrFail(User, { username })],
      objectTypes: await em.find(ContentType, { label: { $in: [...types] } }),
    } as never,
    { partial: true },
  );
  await em.flush();
  return name;
}

import { hashKey } from "../../../src/access/authenticate.ts";
import type { Action } from "../../../src/access/rights.ts";
import type { Database } from "../../../src/entities/database.ts";
import { contentTypeLabel } from "../../../src/entities/content-types.ts";
import { ContentType, ObjectPermission, Token, User } from "../../../src/entities/index.ts";
import type { ModelShape } from "../../../src/entities/mapping/shape.ts";
import { SHAPES } from "./hidden-twins.ts";

type Constraints = ObjectPermission["constraints"];

/** Label of the kind of a model's objects. */
export const labelOf = (shape: ModelShape): string => contentTypeLabel(shape.model as { name: string });

/**
 * Stores a user who may do something with some objects of each model, and nothing else.
 * @param constraintsOf tells which of a model's objects; null for all, undefined for none.
 * @returns the user's key.
 */
export async function createHalfViewer(
  database: Database,
  username: string,
  constraintsOf: (shape: ModelShape) => Constraints | undefined,
  actions: readonly Action[] = ["view"],
): Promise<string> {
  const em = database.fork();
  const key = `key-of-${username}`;
  const user = em.create(User, { username }, { partial: true });
  em.create(Token, { user, keyHash: hashKey(key) }, { partial: true });
  for (const shape of SHAPES) {
    const constraints = constraintsOf(shape);
    if (constraints === undefined) continue;
    const objectTypes = [await em.findOneOrFail(ContentType, { label: labelOf(shape) })];
    const values = { name: `${username}: ${shape.table}`, actions: [...actions], constraints };
    em.create(ObjectPermission, { ...values, users: [user], objectTypes } as never, { partial: true });
  }
  await em.flush();
  return key;
}

/** Changes the objects that a user of {@link createHalfViewer} may view, as an administrator would. */
export async function moveHalfViewer(
  database: Database,
  username: string,
  constraintsOf: (shape: ModelShape) => Constraints,
): Promise<void> {
  const em = database.fork();
  for (const shape of SHAPES) {
    const permission = await em.findOneOrFail(ObjectPermission, { name: `${username}: ${shape.table}` });
    permission.constraints = constraintsOf(shape);
  }
  await em.flush();
}

import type { GraphQLResolveInfo } from "graphql";
import { Arg, Ctx, Field, Info, Mutation, ObjectType, Resolver } from "type-graphql";
import type { Viewer } from "../../../access/authenticate.ts";
import { mustBeUnlimited } from "../../../access/key-limits.ts";
import { mustOutrank, mustReach } from "../../../access/outrank.ts";
import { changePassword } from "../../../access/sign-in/change-password.ts";
import { hashPassword, MIN_PASSWORD, wrongPassword } from "../../../access/sign-in/passwords.ts";
import { mayOn, mustHave } from "../../../access/rights.ts";
import { NOBODY } from "../../../entities/new-id.ts";
import { createObject, type Data, holdOne, updateObject } from "../../../changes/index.ts";
import { statementsOf } from "../../../entities/database.ts";
import { User } from "../../../entities/index.ts";
import { ID, uuidOf } from "../../../entities/mapping/scalars.ts";
import { shapeOf } from "../../../entities/mapping/shape.ts";
import { AppError, fieldError } from "../../../errors.ts";
import type { Context } from "../../context.ts";
import type { Row } from "../../reading/list.ts";
import { inputOf } from "../../model/model-input.ts";
import { readChanged } from "../../model/read-changed.ts";
import { mustMayWithin } from "./may-within.ts";

const USER = shapeOf(User);
const FIELDS = ["username", "first_name", "last_name", "email", "is_active", "is_staff", "is_superuser"];
const CreateUserInput = inputOf(User, { fields: FIELDS, isNew: true });
const UpdateUserInput = inputOf(User, { fields: FIELDS, isNew: false });

const PASSWORD = `The password that the user signs in with in a browser, of ${MIN_PASSWORD} characters or more.`;
Field(() => String, { nullable: true, description: `${PASSWORD} Without one, the user has keys only.` })(
  CreateUserInput.prototype,
  "password",
);
Field(() => String, {
  nullable: true,
  description: `${PASSWORD} Null takes it away. The browsers in which the user is signed in are signed out.`,
})(UpdateUserInput.prototype, "password");

/** Values of a user, and the password apart from them: it is in no log. */
interface Given {
  values: Data;
  password: string | null | undefined;
}

/** The outcome of a change of the password. */
@ObjectType({ description: "The user whose password was changed." })
class ChangePasswordPayload {
  @Field(() => ID, { description: "Primary key of the user." })
  id!: string;
}

/** Users, and their passwords. */
@Resolver()
export class UserMutations {
  @Mutation(() => User, {
    description:
      "Creates a user, with the permission users.add_user; a superuser only as one. To authenticate, the user needs a password, or a key of `create_token`.",
  })
  async createUser(
    @Arg("data", () => CreateUserInput, { description: "Values of the new user." }) data: Data,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    const { reader, viewer } = context;
    mustHave(viewer.rights, "add", User);
    const { values, password } = readGiven(viewer, data);
    mustNotPromote(viewer, values);
    const passwordHash = typeof password === "string" ? await hashPassword(password) : null;
    const { id } = await context.change(async (unit) => {
      const user = await createObject(unit, User, values);
      user.passwordHash = passwordHash;
      await mustMayWithin(unit, reader.database, viewer, "add", User, user.id);
      return user;
    });
    if (passwordHash !== null) context.audit({ event: "password_changed", of: id });
    return readChanged(reader, info, USER, id);
  }

  @Mutation(() => User, {
    description:
      "Updates a user, with the permission users.change_user; a superuser only as one. A password may be set for users who may do no more than you. An inactive user is locked out within seconds, open streams included.",
  })
  async updateUser(
    @Arg("id", () => ID, { description: "Primary key." }) id: string,
    @Arg("data", () => UpdateUserInput, { description: "Values to change." }) data: Data,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    const { reader, viewer, change } = context;
    const { values, password } = readGiven(viewer, data);
    mustHave(viewer.rights, "change", User);
    mustNotPromote(viewer, values);
    if (password !== undefined) await mustSetPassword(context, id);
    const passwordHash = typeof password === "string" ? await hashPassword(password) : password;
    await change(async (unit) => {
      // Whoever may not change all users does not learn which there are.
      if (viewer.rights.restrict("change", User)) await mustMayWithin(unit, reader.database, viewer, "change", User, id);
      const user = await holdOne(unit, User, { id: uuidOf(id) ?? [] }, `id "${id}"`);
      mustReach(viewer, user, "change");
      await updateObject(unit, User, id, values);
      if (passwordHash !== undefined) {
        user.passwordHash = passwordHash;
        await statementsOf(unit.em).deleteFrom("user_session").where("user_id", "=", user.id).execute();
      }
      await mustMayWithin(unit, reader.database, viewer, "change", User, user.id);
    });
    if (passwordHash !== undefined) context.audit({ event: "password_changed", of: id });
    return readChanged(reader, info, USER, id);
  }

  @Mutation(() => ChangePasswordPayload, {
    description:
      "Changes your own password. The other browsers in which you are signed in are signed out within seconds; your keys stay.",
  })
  async changePassword(
    @Arg("oldPassword", () => String, { description: "Your password until now." }) oldPassword: string,
    @Arg("newPassword", () => String, { description: PASSWORD }) newPassword: string,
    @Ctx() context: Context,
  ): Promise<ChangePasswordPayload> {
    const { viewer, reader, audit } = context;
    const wrong = wrongPassword(newPassword);
    if (wrong !== undefined) throw fieldError("BAD_USER_INPUT", "new_password", wrong);
    await changePassword(reader.database, viewer, { oldPassword, newPassword });
    audit({ event: "password_changed", of: viewer.id });
    return { id: viewer.id };
  }
}

function readGiven(viewer: Viewer, { password, ...values }: Data): Given {
  const wrong = typeof password === "string" ? wrongPassword(password) : undefined;
  if (typeof password === "string") mustBeUnlimited(viewer);
  if (wrong !== undefined) throw fieldError("BAD_USER_INPUT", "data.password", wrong);
  return { values, password: password as Given["password"] };
}

/** Throws for values that make somebody more than the user is. @throws {@link AppError} FORBIDDEN. */
function mustNotPromote({ isStaff, isSuperuser, username }: Viewer, { isStaff: staff, isSuperuser: superuser }: Data): void {
  if (superuser === true && !isSuperuser)
    throw new AppError("FORBIDDEN", `Only superusers may make superusers, and "${username}" is none.`);
  if (staff === true && !isSuperuser && !isStaff)
    throw new AppError("FORBIDDEN", `Only staff may make staff, and "${username}" is not.`);
}

/** Throws unless the user may act as another one, whose password is to be set. One whom the user may not view is as one who is not there. */
async function mustSetPassword({ reader: { database }, viewer }: Context, id: string): Promise<void> {
  const [other] = await database.read(
    database.rows
      .selectFrom("user")
      .select(["id", "username", "is_superuser"])
      .where("id", "in", [uuidOf(id) ?? NOBODY])
      .compile(),
  );
  const isSeen = await mayOn(database, viewer.rights, "view", User, other?.id ?? NOBODY);
  if (other && isSeen) await mustOutrank(database, viewer, other, "set the password of");
}

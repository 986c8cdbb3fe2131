import { Resolver } from "type-graphql";
import { User } from "../../../entities/index.ts";
import { namedResolver } from "../../model/named-resolver.ts";

/** Users of the server. */
@Resolver(() => User)
export class UserResolver extends namedResolver(User, { one: "user", many: "users" }) {}

import { Resolver } from "type-graphql";
import { Group } from "../../../entities/index.ts";
import { LIMIT_COLUMNS } from "../../../own-limits.ts";
import { modelMutations } from "../../model/model-mutations.ts";
import { namedResolver } from "../../model/named-resolver.ts";

/** Users who may do something together. */
@Resolver(() => Group)
export class GroupResolver extends namedResolver(Group, { one: "group", many: "groups" }) {}

/** Groups: to make, to change, to delete; for superusers, as their rules have it. */
@Resolver()
export class GroupMutations extends modelMutations(Group, { create: ["name", "users", ...LIMIT_COLUMNS] }) {}

import { Resolver } from "type-graphql";
import { ObjectPermission } from "../../../entities/index.ts";
import { modelMutations } from "../../model/model-mutations.ts";
import { namedResolver } from "../../model/named-resolver.ts";

/** Permissions of users and groups. */
@Resolver(() => ObjectPermission)
export class ObjectPermissionResolver extends namedResolver(ObjectPermission, {
  one: "object_permission",
  many: "object_permissions",
}) {}

/** Permissions: to make, to change, to delete. */
@Resolver()
export class ObjectPermissionMutations extends modelMutations(ObjectPermission, {
  create: ["name", "description", "enabled", "object_types", "groups", "users", "actions", "constraints"],
}) {}

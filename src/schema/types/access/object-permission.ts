import { Resolver } from "type-graphql";
import { ObjectPermission } from "../../../entities/index.ts";
import { namedResolver } from "../../model/named-resolver.ts";

/** Permissions of users and groups. */
@Resolver(() => ObjectPermission)
export class ObjectPermissionResolver extends namedResolver(ObjectPermission, {
  one: "object_permission",
  many: "object_permissions",
}) {}

import { Resolver } from "type-graphql";
import { JobHook } from "../../../entities/index.ts";
import { modelMutations } from "../../model/model-mutations.ts";
import { namedResolver } from "../../model/named-resolver.ts";

/** Job hooks. */
@Resolver(() => JobHook)
export class JobHookResolver extends namedResolver(JobHook, { one: "job_hook", many: "job_hooks" }) {}

/** Hooks: to create, to change, to delete. */
@Resolver()
export class JobHookMutations extends modelMutations(JobHook, {
  create: ["name", "job", "content_types", "type_create", "type_update", "type_delete", "enabled", "_custom_field_data"],
}) {}

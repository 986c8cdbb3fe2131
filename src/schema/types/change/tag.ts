import { Resolver } from "type-graphql";
import { Tag } from "../../../entities/index.ts";
import { modelMutations } from "../../model/model-mutations.ts";
import { namedResolver } from "../../model/named-resolver.ts";

/** Words that objects are found by. */
@Resolver(() => Tag)
export class TagResolver extends namedResolver(Tag, { one: "tag", many: "tags" }) {}

/** Tags: to create, to change, to delete. */
@Resolver()
export class TagMutations extends modelMutations(Tag, {
  create: ["name", "color", "description", "content_types", "_custom_field_data"],
}) {}

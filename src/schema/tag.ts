import { Resolver } from "type-graphql";
import { Tag } from "../entities/index.ts";
import { namedResolver } from "./named-resolver.ts";

/** Words that objects are found by. */
@Resolver(() => Tag)
export class TagResolver extends namedResolver(Tag, { one: "tag", many: "tags" }) {}

import { Resolver } from "type-graphql";
import { JobButton } from "../entities/index.ts";
import { modelMutations } from "./model-mutations.ts";
import { namedResolver } from "./named-resolver.ts";

/** What runs a job for an object. */
@Resolver(() => JobButton)
export class JobButtonResolver extends namedResolver(JobButton, { one: "job_button", many: "job_buttons" }) {}

/** Buttons: to create, to change, to delete. */
@Resolver()
export class JobButtonMutations extends modelMutations(JobButton, {
  create: ["name", "text", "job", "content_types", "enabled", "weight", "group_name", "button_class", "confirmation"],
}) {}

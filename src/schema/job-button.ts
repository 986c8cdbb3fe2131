import { Resolver } from "type-graphql";
import { JobButton } from "../entities/index.ts";
import { namedResolver } from "./named-resolver.ts";

/** Buttons that run a job for an object. */
@Resolver(() => JobButton)
export class JobButtonResolver extends namedResolver(JobButton, { one: "job_button", many: "job_buttons" }) {}

import { Resolver } from "type-graphql";
import { JobHook } from "../entities/index.ts";
import { namedResolver } from "./named-resolver.ts";

/** What runs a job when an object changes. */
@Resolver(() => JobHook)
export class JobHookResolver extends namedResolver(JobHook, { one: "job_hook", many: "job_hooks" }) {}

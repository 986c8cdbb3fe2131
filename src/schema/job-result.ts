import { Resolver } from "type-graphql";
import { JobResult } from "../entities/index.ts";
import { modelResolver } from "./model-resolver.ts";

/** Runs of jobs. */
@Resolver(() => JobResult)
export class JobResultResolver extends modelResolver(JobResult, { one: "job_result", many: "job_results" }) {}

import type { GraphQLSchema } from "graphql";
import { buildSchemaSync } from "type-graphql";
import { JobLogEntryResolver } from "./job-log-entry.ts";
import { JobQueueAssignmentResolver, JobQueueResolver } from "./job-queue.ts";
import { JobResultResolver } from "./job-result.ts";
import { JobResolver } from "./job.ts";
import { wireNames } from "./wire-names.ts";

/** What can be asked, with the names that go over the wire. */
export function createSchema(): GraphQLSchema {
  return wireNames(
    buildSchemaSync({
      resolvers: [JobResolver, JobResultResolver, JobLogEntryResolver, JobQueueResolver, JobQueueAssignmentResolver],
      // Every subscription brings its own stream; type-graphql asks for this one all the same.
      pubSub: { publish: () => undefined, subscribe: () => neverAsked() },
      validate: false,
    }),
  );
}

function neverAsked(): never {
  throw new Error("A subscription without its own stream.");
}

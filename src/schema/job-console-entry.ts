import { Resolver } from "type-graphql";
import { JobConsoleEntry } from "../entities/index.ts";
import { namedResolver } from "./named-resolver.ts";

/** What runs printed. */
@Resolver(() => JobConsoleEntry)
export class JobConsoleEntryResolver extends namedResolver(JobConsoleEntry, {
  one: "job_console_entry",
  many: "job_console_entries",
  display: { needs: ["text"], of: (row) => row["text"] as string },
}) {}

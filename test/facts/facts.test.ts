import { readFile } from "node:fs/promises";
import { type GraphQLSchema, isObjectType } from "graphql";
import { describe, expect, test } from "vitest";
import { createSchema } from "../../src/schema/index.ts";
import { differences, missingArguments, missingNames, readFacts } from "./compare.ts";
import { AS_IN_THE_NEWER, MISSING_TYPES } from "./exceptions.ts";

/** Models that Nautobot does not show in its GraphQL, and we do. */
const OUR_QUERIES = ["job_console_entry", "job_console_entries", "file_proxy", "file_proxies", "user", "users"];

const schema: GraphQLSchema = createSchema();
const releases = ["2.3.16", "3.2.7"] as const;

describe.each(releases)("Nautobot %s", (release) => {
  test("every field, type and value of the job area is here", async () => {
    expect(differences(schema, await readFacts(release), new Set())).toEqual([]);
  });

  test("every argument of the job area is here", async () => {
    expect(missingArguments(schema, await readFacts(release))).toEqual([]);
  });
});

test("every exception is still needed, and no excepted type exists", async () => {
  const needed = new Set<string>();
  for (const release of releases) differences(schema, await readFacts(release), needed);
  expect([...needed].toSorted()).toEqual([...Object.keys(MISSING_TYPES), ...Object.keys(AS_IN_THE_NEWER)].toSorted());
  expect(Object.keys(MISSING_TYPES).filter((name) => schema.getType(name))).toEqual([]);
});

test("the page for Nautobot's clients names the missing parts, and nothing else", async () => {
  const page = await readFile(new URL("../../docs/compatibility.md", import.meta.url), "utf8");
  const named = [...page.slice(page.indexOf("## Not here")).matchAll(/`(\w+)`/g)].map(([, name]) => name);
  const missing = await Promise.all(releases.map(async (release) => missingNames(schema, await readFacts(release))));
  expect([...new Set(named)].toSorted()).toEqual([...new Set(missing.flat())].toSorted());
});

test("models that Nautobot does not show can be queried too", () => {
  expect(Object.keys(schema.getQueryType()!.getFields())).toEqual(expect.arrayContaining(OUR_QUERIES));
});

test("the models have the fields that Python users know", () => {
  const named = ["url", "display", "natural_slug", "composite_key"];
  const expected: Record<string, string[]> = {
    JobType: [
      "class_path",
      "description_first_line",
      "runnable",
      "latest_result",
      "git_repository",
      "notes",
      "object_changes",
      ...named,
    ],
    JobResultType: ["duration", "queue", "files", "job_console_entries", "user", ...named],
    JobConsoleEntryType: ["job_result", "timestamp", "output_type", "text", ...named],
    ScheduledJobType: ["schedule", "next_runs", "user", ...named],
    FileProxyType: ["name", "uploaded_at", "size", "job_result", ...named],
  };
  const missing = Object.entries(expected).flatMap(([name, fields]) => {
    const type = schema.getType(name);
    const ours = isObjectType(type) ? type.getFields() : {};
    return fields.filter((field) => !ours[field]).map((field) => `${name}.${field}`);
  });
  expect(missing).toEqual([]);
});

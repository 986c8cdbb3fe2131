import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { type DefinedJob, isDefinedJob } from "../../../sdk/define-job.ts";
import type { JobDescription, JobSource } from "../sandbox.ts";
import { noteUnresolved } from "./load-error.ts";

/**
 * `"jobgraph"` in a job file, wherever it lies, is the bundle that this code is part of: see `entry.ts`. And a job's `.ts` is a module
 * without a package.json that says so.
 */
const KIT = import.meta.url;

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === "jobgraph") return { url: KIT, shortCircuit: true };
    const resolved = tryNext(() => next(specifier, context), specifier, context.parentURL);
    const isBareTypeScript = /\.m?ts$/.test(resolved.url) && !resolved.url.includes("/node_modules/");
    return isBareTypeScript ? { ...resolved, format: "module-typescript" } : resolved;
  },
});

function tryNext<Resolved>(next: () => Resolved, specifier: string, parent: string | undefined): Resolved {
  try {
    return next();
  } catch (error) {
    noteUnresolved(error, specifier, parent);
    throw error;
  }
}

type JobModule = Record<string, unknown>;

/** Runs a file, once a thread. */
export async function loadModule(file: string): Promise<JobModule> {
  return (await import(pathToFileURL(file).href)) as JobModule;
}

/** The job that a source names. */
export async function loadJob({ file, exportName }: JobSource): Promise<DefinedJob> {
  const job = (await loadModule(file))[exportName];
  if (!isDefinedJob(job)) throw new Error(`${file} no longer exports a job named ${exportName}.`);
  return job;
}

/** The form's side of a job's variables, in the draft that validators of form libraries take without being told of another. */
function schemaOf(variables: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(variables, {
    target: "draft-7",
    io: "input",
    unrepresentable: "any",
    // Libraries that find `enum` look no further for titles.
    override: ({ jsonSchema }) => void (jsonSchema["x-labels"] && delete jsonSchema.enum),
  }) as Record<string, unknown>;
}

/** The jobs among a module's exports, without their code. */
export function describeJobs(module: JobModule): JobDescription[] {
  return Object.entries(module)
    .filter((entry): entry is [string, DefinedJob] => isDefinedJob(entry[1]))
    .map(([exportName, { variables, ...meta }]) => ({
      exportName,
      // Through JSON: other values of a definition, its functions first of all, must not break the thread boundary.
      meta: JSON.parse(JSON.stringify(meta)),
      variablesSchema: schemaOf(variables ?? z.object({})),
    }));
}

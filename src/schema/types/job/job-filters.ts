import type { Reader } from "../../reading/reader.ts";
import { sql, type SqlBool } from "kysely";
import { Job } from "../../../entities/index.ts";
import { type PlainFilter, not, STRINGS, valuesOf, within } from "../../reading/condition.ts";
import { addFilters } from "../../reading/filters/filters.ts";

/* Filters of jobs that do not follow from the shape of the model. */

const [moduleName, className] = [sql.ref("job.module_name"), sql.ref("job.job_class_name")];

/** Tells whether a job's class path is one of these. An index finds its module. */
function hasPath(reader: Reader, paths: readonly string[]) {
  const modules = [...new Set(paths.map((path) => path.slice(0, Math.max(0, path.lastIndexOf(".")))))];
  const path = sql`${moduleName} || '.' || ${className}`;
  return sql<SqlBool>`(${within(reader, moduleName, modules, "text")} and ${within(reader, path, paths, "text")})`;
}

const filter = (description: string, isNegated: boolean): PlainFilter => ({
  type: STRINGS,
  description,
  condition(_, given) {
    const paths = valuesOf(given).map(String);
    return (reader) => (isNegated ? not(hasPath(reader, paths), moduleName, false) : hasPath(reader, paths));
  },
});

addFilters(Job, {
  class_path: { ...filter("`class_path` is one of these: `hello_jobs.HelloJobs`.", false), isName: true },
  class_path__n: filter("`class_path` is none of these.", true),
});

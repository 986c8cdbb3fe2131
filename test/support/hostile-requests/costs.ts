import { getIntrospectionQuery } from "graphql";
import { aliased, braced, cycle } from "./documents.ts";
import { ANSWERED, BOUNDED, type HostileDocument, INVALID, REFUSED, times } from "./kinds.ts";

/* Documents that are small and valid, and whose answers are not small. */

const COST = /^The answer may have \d+ values; MAX_QUERY_COST allows \d+\./;
const ALIASES = /MAX_QUERY_(TOKENS|ALIASES)/;

/** Each object of a list counts, and the job that it leads to. */
const isDear = (limit: number, depth: number) => 2 * limit ** depth > 200_000;
const byCost = (limit: number, depth: number) => (isDear(limit, depth) ? { due: REFUSED, says: COST } : { due: ANSWERED });

/** Cycles over references: the fields below multiply with each. */
export const cycles: HostileDocument[] = [
  ...[4, 5, 6, 7, 8].flatMap((depth) =>
    [5, 20, 100].map((limit) => ({
      words: `lists of ${limit}, ${depth} deep`,
      query: `{ ${braced("id", "jobs(limit: 1)", ...cycle(depth, `job_results(limit: ${limit})`, "job_model"))} }`,
      ...byCost(limit, depth),
    })),
  ),
  ...[6, 7].map((depth) => ({
    words: `of 223 bytes, or little more: ${depth} times 20`,
    query: `{${braced("id", "jobs(limit:1)", ...cycle(depth, "job_results(limit:20)", "job_model"))}}`.replaceAll(" ", ""),
    due: REFUSED,
    says: COST,
  })),
  ...[3, 5].map((depth) => ({
    words: `${depth} connections deep`,
    query: `{ ${braced("id", "jobs(limit: 20)", ...cycle(depth, "job_results_connection(first: 100)", "edges", "node", "job_model"))} }`,
    due: REFUSED,
    says: COST,
  })),
  {
    words: "connections with nodes, from their ends",
    query: `{ ${braced("id", "jobs_connection(last: 20)", "nodes", ...cycle(5, "job_results_connection(last: 50)", "nodes", "job_model"))} }`,
    due: REFUSED,
    says: COST,
  },
  {
    words: "through fragments",
    query: `{ jobs { ...f0 } } ${times(6, (n) => `fragment f${n} on JobType { job_results(limit: 20) { job_model { ...f${n + 1} } } }`).join(" ")} fragment f6 on JobType { id }`,
    due: REFUSED,
    says: COST,
  },
  {
    words: "under two names each",
    query: `{ jobs(limit: 2) { ${((f) => f(f, 6))((f: (f: any, n: number) => string, n: number): string => (n === 0 ? "id" : `a: job_results(limit: 5) { job_model { ${f(f, n - 1)} } } b: job_results(limit: 5) { job_model { id } }`))} } }`,
    due: BOUNDED,
  },
  {
    words: "over queues and their jobs",
    query: `{ ${braced("id", "job_queues", ...cycle(6, "jobs(limit: 100)", "job_queues"))} }`,
    due: REFUSED,
    says: COST,
  },
  {
    words: "over users' groups",
    query: `{ ${braced("id", "users", ...cycle(8, "groups", "users"))} }`,
    due: REFUSED,
    says: COST,
  },
  {
    words: "from lines up to their jobs and down again",
    query: `{ ${braced("id", "job_log_entries(limit: 10000)", "job_result", "job_model", "job_results(limit: 100)")} }`,
    due: REFUSED,
    says: COST,
  },
  {
    words: "with limits from variables' defaults",
    query: `query ($n: Int = 50) { ${braced("id", "jobs(limit: $n)", ...cycle(5, "job_results(limit: $n)", "job_model"))} }`,
    due: REFUSED,
    says: COST,
  },
  {
    words: "with limits in variables",
    query: `query ($n: Int) { ${braced("id", "jobs(limit: $n)", ...cycle(4, "job_results(limit: $n)", "job_model"))} }`,
    variables: () => ({ n: 10_000 }),
    due: REFUSED,
    says: COST,
  },
];
export const aliases: HostileDocument[] = [
  { words: "1,000 of a list of 10,000", query: aliased(1000, "job_results(limit: 10000) { id }"), due: REFUSED, says: ALIASES },
  { words: "10,000 of a name", query: aliased(5000, "__typename"), due: REFUSED, says: ALIASES },
  { words: "200 of all results", query: aliased(200, "job_results { id name }"), due: BOUNDED },
  { words: "150 of all lines", query: aliased(150, "job_log_entries(limit: 10000) { id message }"), due: REFUSED, says: COST },
  { words: "20 of 10,000 lines", query: aliased(20, "job_log_entries(limit: 10000) { id message }"), due: BOUNDED },
  {
    words: "200 of a long list's last page",
    query: aliased(200, "job_log_entries(limit: 100, offset: 29000) { id }"),
    due: BOUNDED,
  },
  { words: "200 with a text search each", query: aliased(200, `job_log_entries(limit: 1, q: "zzz") { id }`), due: BOUNDED },
  { words: "200 of total counts", query: aliased(200, "job_log_entries_connection(first: 0) { total_count }"), due: BOUNDED },
  {
    words: "200 of one object's fields",
    query: `{ jobs { ${times(190, (n) => `a${n}: variables_schema`).join(" ")} } }`,
    due: BOUNDED,
  },
];
const INTROSPECTION = getIntrospectionQuery();
const typeOf = (levels: number) => `${"ofType { ".repeat(levels)} name ${"}".repeat(levels)}`;

export const introspections: HostileDocument[] = [
  { words: "as code generators ask", query: INTROSPECTION, due: ANSWERED },
  {
    words: "three times",
    query: INTROSPECTION.replace(/__schema( \{[\s\S]*?\n {6}\})/, "a: __schema$1 b: __schema$1 c: __schema$1"),
    due: REFUSED,
    says: COST,
  },
  {
    words: "fields of fields",
    query: `{ ${braced("name", "__schema", "types", ...cycle(4, "fields", "type"))} }`,
    due: [...REFUSED, ...INVALID],
  },
  {
    words: "possible types of types",
    query: `{ ${braced("name", "__schema", "types", ...cycle(6, "interfaces", "possibleTypes"))} }`,
    due: [...REFUSED, ...INVALID],
  },
  {
    words: "20 levels of wrappers",
    query: `{ __schema { types { fields { args { type { ${typeOf(18)} } } } } } }`,
    due: BOUNDED,
  },
  {
    words: "150 of one type",
    query: aliased(150, `__type(name: "Query") { fields { name args { name } } }`),
    due: REFUSED,
    says: COST,
  },
];

/** Lists below lists that ask for no number. */
export const unlimited: HostileDocument[] = [
  { words: "of jobs, runs and lines", query: "{ jobs { job_results { job_log_entries { id message } } } }", due: BOUNDED },
  {
    words: "of jobs, runs, lines and back",
    query: "{ jobs { job_results { job_log_entries { job_result { id job_model { id name } } } } } }",
    due: BOUNDED,
  },
  {
    words: "of all that belongs to runs",
    query:
      "{ job_results { id name result meta task_kwargs celery_kwargs user { username } job_log_entries { message } job_console_entries { id } files { id } reruns { id } } }",
    due: BOUNDED,
  },
  {
    words: "of queues, jobs, runs and lines",
    query: "{ job_queues { jobs { job_results { job_log_entries { id } } } } }",
    due: BOUNDED,
  },
  {
    words: "of all columns of runs",
    query: `{ job_results(limit: 10000) { id display name task_name status result meta task_args task_kwargs celery_kwargs traceback url natural_slug duration waiting_reason queue { id depth worker_count } } }`,
    due: BOUNDED,
  },
  {
    words: "of all columns of lines",
    query:
      "{ job_log_entries(limit: 10000) { id sequence log_level grouping message created log_object absolute_url url display composite_key natural_slug } }",
    due: BOUNDED,
  },
  {
    words: "of four pages of lines",
    query: aliased(
      4,
      "job_log_entries(limit: 10000) { id sequence log_level grouping message created log_object absolute_url display composite_key natural_slug }",
    ),
    due: BOUNDED,
  },
  {
    words: "of next runs and waiting reasons",
    query: "{ scheduled_jobs { next_runs(count: 1000) waiting_reason describe associated_approval_workflows { id } } }",
    due: [...BOUNDED, ...INVALID],
  },
];

import { braced, cycle } from "./documents.ts";
import { ANSWERED, BOUNDED, type HostileDocument, INVALID, REFUSED, times } from "./kinds.ts";

/* Documents whose parsing or validation takes long, or would if they were let through. */

const structure = (setting: string) => new RegExp(`^The document has .+; ${setting} allows \\d+\\.`);
const TOKENS = structure("MAX_QUERY_TOKENS");
const DEPTH = structure("MAX_QUERY_DEPTH");
const DIRECTIVES = structure("MAX_QUERY_DIRECTIVES");
const FIELDS = structure("MAX_QUERY_FIELDS");
/** Several operations, none of which is named. */
const WRONG_OPERATION = ["BAD_USER_INPUT", "BAD_REQUEST", "OPERATION_RESOLUTION_FAILURE"] as const;
/** Documents past several limits: any may be the one that is named. */
const EITHER = /MAX_QUERY_(TOKENS|FIELDS|DEPTH|ALIASES)/;

const doubling = (count: number, type: string, root: string, leaf: string) =>
  `{ ${root} { ...f0 } } ${times(count, (n) => `fragment f${n} on ${type} { ...f${n + 1} ...f${n + 1} }`).join(" ")} fragment f${count} on ${type} { ${leaf} }`;

export const fragments: HostileDocument[] = [
  { words: "25 of two spreads each", query: doubling(25, "JobType", "jobs", "id"), due: REFUSED, says: FIELDS },
  { words: "100 of two spreads each", query: doubling(100, "JobResultType", "job_results", "id"), due: REFUSED, says: FIELDS },
  {
    words: "40 of two inline fragments each",
    query: `{ jobs { ...f0 } } ${times(40, (n) => `fragment f${n} on JobType { ... on JobType { ...f${n + 1} } ... { ...f${n + 1} } }`).join(" ")} fragment f40 on JobType { id }`,
    due: REFUSED,
    says: EITHER,
  },
  {
    words: "25 of two fields each under names of their own",
    query: `{ ...f0 } ${times(25, (n) => `fragment f${n} on Query { a${n}: jobs { id } b${n}: __typename ...f${n + 1} ...f${n + 1} }`).join(" ")} fragment f25 on Query { __typename }`,
    due: REFUSED,
    says: EITHER,
  },
  {
    words: "the same spread 1,000 times",
    query: `{ jobs { ${"...f ".repeat(1000)} } } fragment f on JobType { id }`,
    due: REFUSED,
    says: FIELDS,
  },
  {
    words: "the same spread 400 times",
    query: `{ jobs { ${"...f ".repeat(400)} } } fragment f on JobType { id }`,
    due: ANSWERED,
  },
  { words: "a cycle of one", query: "{ jobs { ...f } } fragment f on JobType { ...f }", due: INVALID },
  {
    words: "a cycle of 300",
    query: `{ jobs { ...f0 } } ${times(300, (n) => `fragment f${n} on JobType { id ...f${(n + 1) % 300} }`).join(" ")}`,
    due: INVALID,
  },
  {
    words: "each in each",
    query: `{ jobs { ...f0 } } ${times(30, (n) => `fragment f${n} on JobType { ${times(30, (m) => (m === n ? "id" : `...f${m}`)).join(" ")} }`).join(" ")}`,
    due: [...REFUSED, ...INVALID],
  },
  {
    words: "900 that nobody spreads",
    query: `{ __typename } ${times(900, (n) => `fragment f${n} on JobType { id }`).join(" ")}`,
    due: INVALID,
  },
  {
    words: "a chain of 400",
    query: `{ jobs { ...f0 } } ${times(400, (n) => `fragment f${n} on JobType { ...f${n + 1} }`).join(" ")} fragment f400 on JobType { id }`,
    due: BOUNDED,
  },
  { words: "500 inline ones in each other", query: `{ jobs { ${"... { ".repeat(500)} id ${"}".repeat(500)} } }`, due: BOUNDED },
];

export const depths: HostileDocument[] = [
  {
    words: "a selection of 1,000 levels",
    query: `{ ${"jobs { ".repeat(1000)} id ${"}".repeat(1000)} }`,
    due: REFUSED,
    says: DEPTH,
  },
  { words: "a selection of 4,900 levels", query: `${"{ a ".repeat(4900)}${"}".repeat(4900)}`, due: REFUSED, says: DEPTH },
  {
    words: "a selection of 100,000 levels",
    query: "{a".repeat(100_000),
    due: REFUSED,
    says: structure("MAX_QUERY_(TOKENS|DEPTH)"),
  },
  {
    words: "a list of 3,000 levels",
    query: `{ jobs(name: ${"[".repeat(3000)}${"]".repeat(3000)}) { id } }`,
    due: REFUSED,
    says: DEPTH,
  },
  {
    words: "an object of 1,500 levels",
    query: `mutation { run_job(id: "x", data: ${"{ a: ".repeat(1500)} 1 ${"}".repeat(1500)}) { id } }`,
    due: REFUSED,
    says: DEPTH,
  },
  {
    words: "a default of 1,000 levels",
    query: `query ($a: GenericScalar = ${"[".repeat(1000)}${"]".repeat(1000)}) { __typename }`,
    due: REFUSED,
    says: DEPTH,
  },
  {
    words: "a type of 3,000 lists",
    query: `query ($a: ${"[".repeat(3000)}Int${"]".repeat(3000)}) { __typename }`,
    due: [...REFUSED, ...INVALID],
  },
  {
    words: "an argument of a directive",
    query: `{ __typename @include(if: ${"[".repeat(2000)}${"]".repeat(2000)}) }`,
    due: REFUSED,
    says: DEPTH,
  },
];

export const sizes: HostileDocument[] = [
  { words: "100,000 names of a type", query: `{ ${"__typename ".repeat(100_000)} }`, due: REFUSED, says: TOKENS },
  { words: "9,000 names of a type", query: `{ ${"__typename ".repeat(9000)} }`, due: REFUSED, says: FIELDS },
  { words: "300,000 braces", query: "{".repeat(300_000), due: [...REFUSED, ...INVALID] },
  { words: "9,000 arguments", query: `{ jobs(${times(3000, (n) => `a${n}: ${n}`).join(" ")}) { id } }`, due: INVALID },
  { words: "2,500 variables", query: `query (${times(2400, (n) => `$v${n}: Int`).join(" ")}) { __typename }`, due: INVALID },
  {
    words: "900 operations",
    query: times(900, (n) => `query q${n} { __typename }`).join(" "),
    due: [...INVALID, ...WRONG_OPERATION],
  },
  { words: "900 wrong fields", query: `{ ${times(900, (n) => `jobz${n}`).join(" ")} }`, due: INVALID },
  { words: "a text of a million characters", query: `{ jobs(name: "${"x".repeat(1_000_000)}") { id } }`, due: BOUNDED },
  { words: "comments of a million characters", query: `${"#\n".repeat(400_000)}{ __typename }`, due: BOUNDED },
  { words: "commas of a million characters", query: `{ __typename ${",".repeat(1_000_000)} }`, due: BOUNDED },
  {
    words: "2,000 directives on a field",
    query: `{ __typename ${"@include(if: true) ".repeat(1200)} }`,
    due: REFUSED,
    says: DIRECTIVES,
  },
  {
    words: "directives on 900 fields",
    query: `{ ${times(900, () => "__typename @skip(if: false)").join(" ")} }`,
    due: REFUSED,
    says: DIRECTIVES,
  },
  { words: "3,000 unknown directives", query: `{ __typename ${"@a ".repeat(3000)} }`, due: REFUSED, says: DIRECTIVES },
];

/** Pairs of fields that validation compares with each other. */
export const overlaps: HostileDocument[] = [
  { words: "one field 480 times", query: `{ ${"jobs { id } ".repeat(480)} }`, due: REFUSED, says: FIELDS },
  {
    words: "15 fields in each of 30",
    query: `{ ${`jobs { ${"latest_result { id } ".repeat(15)} } `.repeat(30)} }`,
    due: REFUSED,
    says: FIELDS,
  },
  {
    words: "20 fields with eight spreads each",
    query: `{ ${`jobs { ${times(8, (n) => `...f${n}`).join(" ")} } `.repeat(20)} } ${times(8, (n) => `fragment f${n} on JobType { latest_result { ...g } }`).join(" ")} fragment g on JobResultType { id }`,
    due: ANSWERED,
  },
  {
    words: "480 fragments in one place",
    query: `{ ${times(480, (n) => `...f${n}`).join(" ")} } ${times(480, (n) => `fragment f${n} on Query { __typename }`).join(" ")}`,
    due: REFUSED,
    says: FIELDS,
  },
  {
    words: "one field 900 times in another",
    query: `{ jobs { ${"id ".repeat(900)} } }`,
    due: REFUSED,
    says: /"id" 900 times in one object/,
  },
  {
    words: "paths of eight levels, 100 times",
    query: `{ ${`${braced("id", "jobs(limit: 1)", "latest_result", "job_model", "latest_result", "job_model", "latest_result", "job_model")} `.repeat(100)} }`,
    due: ANSWERED,
  },
  {
    words: "paths of 20 levels, 40 times",
    query: `{ ${`${braced("id", "jobs(limit: 1)", ...cycle(10, "latest_result", "job_model"))} `.repeat(40)} }`,
    due: ANSWERED,
  },
  {
    words: "200 fragments of the same fields",
    query: `{ jobs { ${times(200, (n) => `...f${n}`).join(" ")} } } ${times(200, (n) => `fragment f${n} on JobType { id name display }`).join(" ")}`,
    due: ANSWERED,
  },
  {
    words: "names that stand for different fields, 190 times",
    query: `{ jobs { ${times(190, (n) => `a: ${n % 2 ? "id" : "name"}`).join(" ")} } }`,
    due: INVALID,
  },
  {
    words: "arguments that differ, 450 times",
    query: `{ ${times(450, (n) => `jobs(limit: ${n}) { id }`).join(" ")} }`,
    due: REFUSED,
    says: FIELDS,
  },
];

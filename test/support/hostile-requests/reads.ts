import { ANSWERED, BOUNDED, type HostileDocument, REFUSED, times, WRONG } from "./kinds.ts";

/* Documents whose statements are dear: scans, sorts, counts, long lists of values, and texts that are read many times. */

const filtered = (field: string, type: string, values: () => unknown, list = "job_log_entries") => ({
  query: `query ($values: ${type}) { ${list}(${field}: $values, limit: 10) { id } }`,
  variables: () => ({ values: values() }),
});
const numbers = (count: number) => times(count, String);

export const longLists: HostileDocument[] = [997, 33_000, 66_000].flatMap((count) => [
  { words: `${count} ids`, ...filtered("id", "[String]", () => numbers(count)), due: [...BOUNDED, ...WRONG] },
  { words: `${count} messages`, ...filtered("message", "[String]", () => numbers(count)), due: [...BOUNDED, ...WRONG] },
  {
    words: `none of ${count} messages`,
    ...filtered("message__n", "[String]", () => numbers(count)),
    due: [...BOUNDED, ...WRONG],
  },
  {
    words: `${count} parts of messages`,
    ...filtered("message__ic", "[String]", () => numbers(count)),
    due: [...BOUNDED, ...WRONG],
  },
  {
    words: `${count} jobs by name`,
    ...filtered("job_model", "[String]", () => numbers(count), "job_results"),
    due: [...BOUNDED, ...WRONG],
  },
  {
    words: `${count} patterns`,
    ...filtered("message__re", "[String]", () => times(count, (n) => `z.*q${n}`)),
    due: [...BOUNDED, ...WRONG],
  },
]);

const matching = (words: string, patterns: readonly string[], field = "message__re", due: readonly string[] = BOUNDED) => ({
  words,
  ...filtered(field, "[String]", () => patterns),
  due,
});

export const patterns: HostileDocument[] = [
  matching("one that matches nothing", ["z.*q"]),
  matching("five that match nothing", ["z.*q", "y.*q", "x.*q", "w.*q", "v.*q"]),
  matching("five in any case", ["z.*q", "y.*q", "x.*q", "w.*q", "v.*q"], "message__ire"),
  matching("none of five", [".*a.*", ".*e.*", ".*i.*", ".*o.*", ".*u.*"], "message__nre"),
  matching("nested quantifiers", ["(((a*)*)*)*$", "(a|a)*b", "(.*)*x"]),
  matching("many states", ["(.?){200}x", ".*.*.*.*.*.*.*.*=.*"]),
  matching("repeats of repeats", ["((a{50}){50}){10}"], "message__re", [...BOUNDED, ...WRONG]),
  matching("a class for each character", ["[\\s\\S]{0,250}zq"]),
  matching("a pattern of 100,000 characters", ["(a|b)".repeat(20_000)], "message__re", [...BOUNDED, ...WRONG]),
  matching("alternatives of 10,000 words", [times(10_000, (n) => `word${n}`).join("|")], "message__re", [...BOUNDED, ...WRONG]),
  matching("deep groups", ["(".repeat(2000) + ")".repeat(2000)], "message__re", [...BOUNDED, ...WRONG]),
  matching("a group that is not closed", ["("], "message__re", WRONG),
  matching("nothing to repeat", ["*"], "message__re", WRONG),
  matching("a back-reference", ["(a)\\1"], "message__re", WRONG),
  {
    words: "on five columns at once",
    query: `{ job_log_entries(message__re: "z.*q", log_object__re: "z.*q", absolute_url__re: "z.*q", grouping__ire: ".*(n|m).*", message__nre: "^q") { id } }`,
    due: [...BOUNDED, "GRAPHQL_VALIDATION_FAILED"],
  },
  {
    words: "under 20 names",
    query: `{ ${times(20, (n) => `a${n}: job_log_entries(message__re: "z.*q${n}", limit: 1) { id }`).join(" ")} }`,
    due: BOUNDED,
  },
  {
    words: "with many states under 20 names",
    query: `{ ${times(20, (n) => `a${n}: job_log_entries(message__re: "[a-z ]{0,250}zq${n}", limit: 1) { id }`).join(" ")} }`,
    due: REFUSED,
    says: /MAX_QUERY_COST/,
  },
];

const LISTS = [
  "jobs",
  "job_results",
  "job_log_entries",
  "job_queues",
  "tags",
  "users",
  "groups",
  "scheduled_jobs",
  "job_hooks",
  "job_buttons",
];

export const searches: HostileDocument[] = [
  { words: "on every model", query: `{ ${LISTS.map((list) => `${list}(q: "zz%_zz") { id }`).join(" ")} }`, due: BOUNDED },
  {
    words: "with a text of 100,000 characters",
    ...filtered("q", "String", () => "x".repeat(100_000)),
    due: [...BOUNDED, ...WRONG],
  },
  { words: "with a text of wildcards", ...filtered("q", "String", () => "%_".repeat(500)), due: [...BOUNDED, ...WRONG] },
  {
    words: "and counts of all that is found",
    query: `{ ${times(20, (n) => `a${n}: job_log_entries_connection(first: 1, q: "${n}") { total_count }`).join(" ")} }`,
    due: BOUNDED,
  },
];

export const sorts: HostileDocument[] = [
  ...["message", "-message", "log_object"].map((column) => ({
    words: `of lines by ${column}, far from the start`,
    query: `{ job_log_entries(sort: ["${column}", "grouping"], offset: 29000, limit: 10) { id } }`,
    due: [...BOUNDED, ...WRONG],
  })),
  {
    words: "by 20 columns",
    query: `{ job_results(sort: [${times(20, (n) => `"${["name", "-status", "worker", "traceback"][n % 4]}"`).join(", ")}]) { id } }`,
    due: [...BOUNDED, ...WRONG],
  },
  {
    words: "at an offset beyond all",
    query: "{ job_log_entries(offset: 2147483647, limit: 10000) { id } }",
    due: [...BOUNDED, ...WRONG],
  },
  {
    words: "under 100 names",
    query: `{ ${times(100, (n) => `a${n}: job_log_entries(sort: ["message"], offset: ${n * 100}, limit: 1) { id }`).join(" ")} }`,
    due: BOUNDED,
  },
  {
    words: "of each job's runs under 100 names",
    query: `{ jobs { ${times(100, (n) => `a${n}: job_results(sort: ["name"], limit: 1) { id }`).join(" ")} } }`,
    due: BOUNDED,
  },
];

export const counts: HostileDocument[] = [
  {
    words: "of every list",
    query: `{ ${LISTS.map((list) => `${list}_connection(first: 0) { total_count }`).join(" ")} }`,
    due: ANSWERED,
  },
  {
    words: "of each run's lines",
    query: "{ job_results { id job_log_entries_connection(first: 0) { total_count } } }",
    due: BOUNDED,
  },
  {
    words: "of lines with a filter that scans",
    query: `{ job_log_entries_connection(first: 1, message__nic: ["zz", "qq", "yy"]) { total_count } }`,
    due: BOUNDED,
  },
];

const result = (count: number) => ({
  query: `query ($id: ID!) { ${times(count, (n) => `a${n}: job_result(id: $id) { result }`).join(" ")} }`,
  variables: ({ largeId }: { largeId: string }) => ({ id: largeId }),
});

export const largeResults: HostileDocument[] = [
  { words: "once", ...result(1), due: ANSWERED },
  { words: "100 times", ...result(100), due: REFUSED, says: /MAX_ANSWER_BYTES/ },
  {
    words: "100 times of one object",
    query: `query ($id: ID!) { job_result(id: $id) { ${times(100, (n) => `a${n}: result`).join(" ")} } }`,
    variables: ({ largeId }) => ({ id: largeId }),
    due: REFUSED,
    says: /MAX_ANSWER_BYTES/,
  },
  {
    words: "from each of its 60 lines",
    query: "query ($id: ID!) { job_result(id: $id) { job_log_entries(limit: 60) { job_result { result } } } }",
    variables: ({ largeId }) => ({ id: largeId }),
    due: REFUSED,
    says: /MAX_ANSWER_BYTES/,
  },
];

const text = (length: number) => "x".repeat(length);

/** Values of variables that are large, deep or many. */
export const variables: HostileDocument[] = [
  {
    words: "a text of a million characters",
    query: `query ($name: [String]) { jobs(name: $name) { id } }`,
    variables: () => ({ name: [text(1_000_000)] }),
    due: [...BOUNDED, ...WRONG],
  },
  {
    words: "100,000 that are not declared",
    query: "{ __typename }",
    variables: () => Object.fromEntries(times(100_000, (n) => [`v${n}`, n])),
    due: ANSWERED,
  },
  {
    words: "values of 10,000 wrong types",
    query: "query ($n: [Int]) { job_log_entries(sequence: $n) { id } }",
    variables: () => ({ n: times(10_000, () => "x") }),
    due: ["GRAPHQL_VALIDATION_FAILED", ...WRONG],
  },
  {
    words: "a key that is a prototype's",
    query: "query ($data: GenericScalar) { __typename }",
    variables: () => ({ data: JSON.parse(`{"__proto__":{"a":1}}`) }),
    due: ["GRAPHQL_VALIDATION_FAILED"],
  },
];

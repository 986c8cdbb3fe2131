/** Jobs that a list shows. A further one of the 18 seeded jobs is hidden. */
const JOBS = 17;

/** Arguments of the seed: 2,001 results with 101,000 lines, 1,000 of them of the newest. */
export const DATA_SET = ["--jobs", "18", "--results", "2000", "--lines", "50", "--long-result", "1000"];

/** Figures of other servers for a query: with one client, and with 16. */
interface Reference {
  p50: string;
  perSecond: string;
}

/** A query whose reading is measured. */
export interface ReadQuery {
  name: string;
  /** May name the variable `$id`, the id of the newest result. */
  document: string;
  /** Rows that its answer holds at all depths, without those of the jobs that come with the server. */
  rows: number;
  nautobot?: Reference;
  postgraphile: Reference;
}

/** From nothing at all to the deepest; the figures of others were measured on a machine of this kind with the same rows. */
export const QUERIES: readonly ReadQuery[] = [
  {
    name: "__typename",
    document: "{ __typename }",
    rows: 0,
    nautobot: { p50: "4.3 ms", perSecond: "432 /s" },
    postgraphile: { p50: "0.24 ms", perSecond: "14,712 /s" },
  },
  {
    name: "jobs, 7 fields",
    document: "{ jobs { id name grouping description enabled installed hidden } }",
    rows: JOBS,
    nautobot: { p50: "17.5 ms", perSecond: "77 /s" },
    postgraphile: { p50: "0.73 ms", perSecond: "2,129 /s" },
  },
  {
    name: "50 newest results, with jobs",
    document: "{ job_results(limit: 50) { id name status date_created job_model { name } } }",
    rows: 50 + 50,
    nautobot: { p50: "24.5 ms", perSecond: "74 /s" },
    postgraphile: { p50: "1.1 ms", perSecond: "1,471 /s" },
  },
  {
    name: "1,000 lines of a result",
    document: "query ($id: ID!) { job_result(id: $id) { id job_log_entries { id created log_level message } } }",
    rows: 1 + 1000,
    nautobot: { p50: "39 ms", perSecond: "35 /s" },
    postgraphile: { p50: "6.9 ms", perSecond: "191 /s" },
  },
  {
    name: "jobs, all their results",
    document: "{ jobs { name job_results { id status date_created } } }",
    rows: JOBS + 1902,
    nautobot: { p50: "117 ms", perSecond: "11 /s" },
    postgraphile: { p50: "8.1 ms", perSecond: "167 /s" },
  },
  {
    name: "jobs, 20 results, 10 lines",
    document: "{ jobs { name job_results(limit: 20) { id status job_log_entries(limit: 10) { log_level message } } } }",
    rows: JOBS * (1 + 20 * (1 + 10)),
    nautobot: { p50: "refused", perSecond: "refused" },
    postgraphile: { p50: "21.7 ms", perSecond: "73 /s" },
  },
];

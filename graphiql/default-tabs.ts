import type { GraphiQLProps } from "graphiql";

const jobs = `# The jobs of this server. A job can be run
# when it is both enabled and installed.
#
# Ctrl-Enter sends the operation, Ctrl-Space
# lists what can be typed at the cursor.

query Jobs {
  jobs {
    id
    name
    grouping
    enabled
    installed
    description
    class_path
  }
}
`;

const run = `# Puts a run of a job in the queue. "data" has
# a value for each variable of the job.
#
# The Follow tab needs the "id" of the answer.

mutation RunHello {
  run_job(
    class_path: "hello_jobs.HelloJobs"
    data: { name: "world" }
  ) {
    id
    status
  }
}
`;

const follow = `# The log of a run, from its first line on and
# as it is written. The answer grows, with its
# end in view until you scroll up; of a long log
# it has the newest 1000 lines.
#
# Paste the "id" that the RunHello tab answered
# into the variables below.

subscription Follow($job_result_id: ID!) {
  job_log_entries(
    job_result_id: $job_result_id
    after_sequence: 0
  ) {
    sequence
    created
    log_level
    grouping
    message
  }
}
`;

const results = `# The latest runs, each with its first log lines.

query Results {
  job_results(limit: 10) {
    id
    name
    status
    date_created
    date_started
    date_done
    worker
    job_model {
      name
    }
    job_log_entries(limit: 3) {
      sequence
      log_level
      message
    }
  }
}
`;

/** Tabs of a first-time visitor. Later the browser's local storage has the tabs. */
export const defaultTabs: GraphiQLProps["defaultTabs"] = [
  { query: jobs },
  { query: run },
  { query: follow, variables: JSON.stringify({ job_result_id: "" }, null, 2) },
  { query: results },
];

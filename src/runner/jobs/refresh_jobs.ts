import { defineJob } from "jobgraph";

interface Refreshed {
  refresh_jobs: { id: string }[];
}

interface Change {
  action: "CREATE" | "DELETE" | "UPDATE";
  object_repr: string;
  differences: { added: Record<string, unknown> | null };
}

const CHANGES = `query ($ids: [String], $since: [String]) {
  object_changes(changed_object_id: $ids, change_context: ["JOB"], time__gte: $since, sort: ["object_repr"]) {
    action object_repr differences
  }
}`;

/** Reads every job file anew, and says what changed. */
export const RefreshJobs = defineJob({
  name: "Refresh Jobs",
  grouping: "System Jobs",
  description: "Reads every job file anew, as a start of the server does, and says which jobs are new or have changed.",
  enabled: true,
  async run({ graphql, logger }) {
    const since = [new Date().toISOString()];
    const { refresh_jobs: jobs } = await graphql<Refreshed>("mutation { refresh_jobs { id } }");
    const ids = jobs.map(({ id }) => id);
    const { object_changes: changes } = await graphql<{ object_changes: Change[] }>(CHANGES, { ids, since });
    for (const { action, object_repr: object, differences } of changes)
      logger.info(
        action === "CREATE"
          ? "The job is new"
          : `Changed: ${Object.keys(differences.added ?? {})
              .toSorted()
              .join(", ")}`,
        {
          object,
        },
      );
    logger.success(
      ids.length === 0 ? "No job has changed" : `${ids.length} ${ids.length === 1 ? "job has" : "jobs have"} changed`,
    );
    return { changed: changes.map(({ action, object_repr: name }) => ({ name, action })) };
  },
});

import { defineJob, JobFailure } from "jobgraph";

interface Refreshed {
  refresh_jobs: { id: string }[];
}

interface JobFile {
  path: string;
  error: string | null;
}

interface Change {
  action: "CREATE" | "DELETE" | "UPDATE";
  object_repr: string;
  differences: { added: Record<string, unknown> | null };
}

const CHANGES = `query ($ids: [String], $since: [String]) {
  job_files { path error }
  object_changes(changed_object_id: $ids, change_context: ["JOB"], time__gte: $since, sort: ["object_repr"]) {
    action object_repr differences
  }
}`;

/** Reads every job file again, and names the changes and the files that do not load. */
export const RefreshJobs = defineJob({
  name: "Refresh Jobs",
  grouping: "System Jobs",
  description:
    "Reads all job files again, as a start of the server does. Lists new and changed jobs, and fails if a file does not load.",
  enabled: true,
  async run({ graphql, logger }) {
    const since = [new Date().toISOString()];
    const { refresh_jobs: jobs } = await graphql<Refreshed>("mutation { refresh_jobs { id } }");
    const ids = jobs.map(({ id }) => id);
    const { object_changes: changes, job_files: files } = await graphql<{ object_changes: Change[]; job_files: JobFile[] }>(
      CHANGES,
      { ids, since },
    );
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
    const broken = files.filter(({ error }) => error !== null);
    for (const { path, error } of broken) logger.error(error!, { object: path });
    if (broken.length > 0)
      throw new JobFailure(
        `${counted(broken.length, "job file does", "job files do")} not load: ${broken.map(({ error }) => error).join("; ")}`,
      );
    logger.success(changes.length === 0 ? "No job has changed" : `${counted(changes.length, "job has", "jobs have")} changed`);
    return { changed: changes.map(({ action, object_repr: name }) => ({ name, action })) };
  },
});

const counted = (count: number, one: string, more: string) => `${count} ${count === 1 ? one : more}`;

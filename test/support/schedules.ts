import { expect } from "vitest";
import { OPEN_STATUSES } from "../../src/entities/choices.ts";
import type { TestClient } from "./client.ts";
import { ENDING, expectOneFailure } from "./failures.ts";

/** Fields of a schedule for tests. */
const SCHEDULE_FIELDS = `id name task interval crontab schedule describe start_time time_zone one_off enabled state catch_up expires
  next_run_at last_run_at total_run_count kwargs celery_kwargs date_changed description
  job_model { name } job_queue { name } user { username }`;

/** Creates a schedule. @returns it as the answer has it. */
export async function createSchedule(client: TestClient, data: object) {
  const { create_scheduled_job } = await client.query(
    `mutation ($data: CreateScheduledJobInput!) { create_scheduled_job(data: $data) { ${SCHEDULE_FIELDS} } }`,
    { data: { name: "A schedule", ...data } },
  );
  return create_scheduled_job;
}

/** Changes a schedule. @returns it as the answer has it. */
export async function updateSchedule(client: TestClient, id: string, data: object) {
  const { update_scheduled_job } = await client.query(
    `mutation ($id: ID!, $data: UpdateScheduledJobInput!) { update_scheduled_job(id: $id, data: $data) { ${SCHEDULE_FIELDS} } }`,
    { id, data },
  );
  return update_scheduled_job;
}

/** Pauses or resumes a schedule, or runs its job by hand. @returns what the answer has. */
export async function act(client: TestClient, mutation: string, id: string, fields = SCHEDULE_FIELDS): Promise<any> {
  return (await client.query(`mutation ($id: ID!) { ${mutation}(id: $id) { ${fields} } }`, { id }))[mutation];
}

export async function readSchedule(client: TestClient, id: string) {
  return (await client.query(`query ($id: ID!) { scheduled_job(id: $id) { ${SCHEDULE_FIELDS} } }`, { id })).scheduled_job;
}

/** The runs of a schedule by the times they are for, once there are so many and all have ended. */
export async function runsOf(client: TestClient, id: string, count: number) {
  const read = async () =>
    (
      await client.query(
        `query ($id: [String]) { job_results(scheduled_job: $id, sort: ["scheduled_for", "id"]) {
        id name ${ENDING} scheduled_for user { username } task_kwargs celery_kwargs } }`,
        { id: [id] },
      )
    ).job_results;
  const look = async () => {
    const runs = await read();
    return [runs.length, runs.some(({ status }) => OPEN_STATUSES.includes(status))];
  };
  await expect.poll(look).toEqual([count, false]);
  const runs = await read();
  runs.forEach(expectOneFailure);
  return runs;
}

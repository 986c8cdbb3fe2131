import { expect, test } from "vitest";
import { KEY, openTestApp } from "../../support/app.ts";
import { post } from "../../support/client.ts";
import { databaseOf } from "../../support/rows.ts";
import { storeWorld } from "../../support/approvals/world.ts";

/** As clients of Nautobot send them: arguments, spellings and nesting of its releases 2.3 and 3.2. */
const QUERIES: Record<string, string> = {
  "jobs by name, with their last runs": `query ($name: [String]) {
    jobs(name__ic: $name, installed: true, enabled: true, limit: 50, offset: 0) {
      id name grouping description module_name job_class_name installed enabled hidden read_only is_singleton
      has_sensitive_variables dryrun_default supports_dryrun soft_time_limit time_limit task_queues
      grouping_override name_override description_override time_limit_override
      tags { id name color } job_queues { id name queue_type } default_job_queue { name }
      job_results(status: ["SUCCESS", "FAILURE"]) { id status date_created date_done }
    }
  }`,
  "a result with its log": `query ($id: ID!) {
    job_result(id: $id) {
      id name status date_created date_started date_done result traceback worker task_args task_kwargs celery_kwargs meta url
      debug_log_count info_log_count warning_log_count success_log_count error_log_count canceled_by_user_name
      job_model { name grouping }
      job_log_entries(log_level: ["info", "warning", "error"]) { id created grouping log_level log_object absolute_url message }
    }
  }`,
  "failures of a job since a day": `{
    job_results(job_model: "Back up Genève", status__n: ["PENDING", "STARTED"], date_created__gte: "2020-01-01T00:00:00", date_done__isnull: false) {
      id name date_created job_model { id name }
    }
    job_log_entries(log_level: "error", message__ic: "timeout", created__gte: "2020-01-01") { message job_result { id } }
  }`,
  "hooks, buttons and schedules of the jobs": `{
    jobs { name
      job_hooks(enabled: true, type_update: true) { id name content_types { app_label model } job { name } }
      jobbutton_set(weight__gte: 0) { name text weight group_name button_class confirmation }
      scheduled_jobs(enabled: true, q: "a") { name interval crontab start_time last_run_at total_run_count time_zone kwargs state }
    }
    job_hooks(content_types: "dcim.device") { name }
    job_buttons(button_class: "default") { name job { name } }
  }`,
  "fragments, aliases, directives and variables": `query Q($withLog: Boolean = true, $limit: Int = 3) {
    newest: job_results(limit: $limit) { ...run job_log_entries @include(if: $withLog) { message } }
    queues: job_queues(name__isw: "d") { __typename name jobs { name } }
  }
  fragment run on JobResultType { id status job_model { ... on JobType { name } } }`,
  "tags, notes and changes": `{
    tags(q: "o") { name color job_set { name } }
    notes { note user_name assigned_object_type { app_label model } }
    object_changes(action: "update", limit: 10) { time user_name action object_repr object_data changed_object_type { model } }
    content_types(limit: 5) { app_label model }
    git_repositories { name slug remote_url branch current_head provided_contents }
  }`,
};

test("queries written for Nautobot run unchanged at its address", async () => {
  const app = await openTestApp({});
  const world = await storeWorld(await databaseOf(app));
  for (const [name, query] of Object.entries(QUERIES)) {
    const variables = { ...(query.includes("$id") && { id: world.run }), ...(query.includes("$name") && { name: ["back"] }) };
    const { status, body } = await post(app.url, KEY, { query, variables }, "/api/graphql/");
    expect([name, status, body.errors]).toEqual([name, 200, undefined]);
    expect([name, Object.values(body.data).some((value) => (Array.isArray(value) ? value.length > 0 : value))]).toEqual([
      name,
      true,
    ]);
  }
});

import { Client } from "pg";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../../src/entities/database.ts";
import { JOBS } from "./changeable.ts";
import { openTestApp, type TestApp } from "../support/app.ts";
import { storeWorld } from "../support/approvals/world.ts";

/*
 * Somebody else deletes an object in the very moment in which it is changed or deleted, for each mutation that has such a moment. PostgreSQL's:
 * on SQLite one transaction begins when the other has ended.
 */

/** Objects that mutations change: the table of each, and which one of the world it is. */
const MODELS: Readonly<
  Record<string, { table?: string; world: keyof Awaited<ReturnType<typeof storeWorld>> | "note" | "token" }>
> = {
  approval_workflow_definition: { world: "definition" },
  approval_workflow_stage_definition: { world: "stageDefinition" },
  group: { world: "group" },
  job: { world: "job" },
  job_button: { world: "button" },
  job_hook: { world: "hook" },
  job_queue: { world: "queue" },
  job_result: { world: "run" },
  note: { world: "note" },
  object_permission: { world: "permission" },
  scheduled_job: { world: "schedule" },
  tag: { world: "tag" },
  token: { world: "token" },
  user: { world: "user" },
};
const isUpdateOrDelete = /^(?:update|delete)_(.+)$/;
/** Changes several at once, and leaves out those that are gone. */
const OF_MANY = "update_jobs";

describe("an object that is deleted in the same moment", () => {
  let app: TestApp;
  let other: Client;
  let ids: Record<string, string>;

  beforeEach(async () => {
    app = await openTestApp(JOBS);
    const database = await openDatabase(app.config.databaseUrl);
    ids = { ...(await storeWorld(database)) };
    await database.close();
    other = new Client({ connectionString: app.config.databaseUrl });
    await other.connect();
    onTestFinished(() => other.end());
    for (const table of ["note"]) ids[table] = (await other.query(`select id from ${table} limit 1`)).rows[0].id;
    for (const kind of ["hook", "button"]) {
      const receiver = `(select id from job where is_job_${kind}_receiver and enabled limit 1)`;
      await other.query(`update job_${kind} set job_id = ${receiver}`);
    }
    await other.query(
      "update approval_workflow_definition set model_constraints = null, model_content_type_id = (select id from content_type where label = 'extras.scheduledjob')",
    );
    // Only this row goes: other tests hold the consequences.
    await other.query("set session_replication_role = replica");
  });

  const waiting = async () => {
    const { rows } = await other.query(
      "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    return rows.length;
  };

  /** Sends a mutation while another transaction has deleted something, and commits that once the mutation waits for it. */
  async function whileDeleting(table: string, id: string, send: () => Promise<any>): Promise<any> {
    await other.query("begin");
    await other.query(`delete from "${table}" where id = $1`, [id]);
    const answer = send();
    await expect.poll(waiting).toBe(1);
    await other.query("commit");
    return answer;
  }

  /** The mutations of the schema, with a change that fits. */
  async function mutations(): Promise<{ name: string; model: string; document: string; variables: object }[]> {
    const { __schema } = await app.client.query(`{ __schema { mutationType { fields { name type { ofType { kind } }
      args { name type { ofType { name inputFields { name } } } } } } } }`);
    return __schema.mutationType.fields.flatMap(({ name, args }: any) => {
      const model = isUpdateOrDelete.exec(name)?.[1];
      if (model === undefined || name === OF_MANY) return [];
      const data = args.find((arg: any) => arg.name === "data")?.type.ofType;
      const known = new Set(data?.inputFields.map((field: any) => field.name));
      const text = ["description", "name", "note", "first_name"].find((field) => known.has(field));
      const change = text ? { [text]: "changed" } : { _custom_field_data: { a: 1 } };
      // Values of a key are arguments.
      const hasText = args.some((arg: any) => arg.name === "description");
      const [declared, given] = data
        ? [`, $data: ${data.name}!`, ", data: $data"]
        : hasText
          ? ["", `, description: "changed"`]
          : ["", ""];
      const document = `mutation ($id: ID!${declared}) { ${name}(id: $id${given}) { id } }`;
      return [{ name, model, document, variables: data ? { data: change } : {} }];
    });
  }

  test("is NOT_FOUND for each mutation that changes or deletes it", async () => {
    const all = await mutations();
    expect(new Set(all.map(({ model }) => model))).toEqual(new Set(Object.keys(MODELS)));
    for (const { name, model, document, variables } of all) {
      const { table = model, world } = MODELS[model]!;
      const id = ids[world]!;
      const { rows } = await other.query(`select * from "${table}" where id = $1`, [id]);
      const refused = await whileDeleting(table, id, () => app.client.refused(document, { id, ...variables }));
      expect.soft(refused, `${name}: ${refused.message}`).toMatchObject({ extensions: { code: "NOT_FOUND" } });
      await other.query(`insert into "${table}" select * from json_populate_record(null::"${table}", $1)`, [
        JSON.stringify(rows[0]),
      ]);
    }
  });

  test("and that was changed just before is NOT_FOUND for each mutation that changes it", async () => {
    await other.query(`create or replace function gone() returns trigger language plpgsql as $$ begin
      perform set_config('session_replication_role', 'replica', true);
      execute format('delete from %I where id = $1', tg_table_name) using new.id;
      return null; end $$`);
    onTestFinished(async () => void (await other.query("drop function gone cascade")));
    for (const { name, model, document, variables } of await mutations()) {
      if (!name.startsWith("update")) continue;
      const { table = model, world } = MODELS[model]!;
      // Deferred, it comes with the commit: the log has the change, and the object is gone when it is read again.
      await other.query(`create constraint trigger gone after update on "${table}" deferrable initially deferred
        for each row execute function gone()`);
      const refused = await app.client.refused(document, { id: ids[world], ...variables });
      expect.soft(refused, `${name}: ${refused.message}`).toMatchObject({ extensions: { code: "NOT_FOUND" } });
      await other.query(`drop trigger gone on "${table}"`);
    }
  });

  test.for([
    { what: "the job of a hook", of: "job", change: "update_job_hook", id: "hook", input: "UpdateJobHookInput", field: "job" },
    { what: "a tag", of: "tag", change: "update_job_queue", id: "queue", input: "UpdateJobQueueInput", field: "tags" },
    { what: "a user of a group", of: "user", change: "update_group", id: "group", input: "UpdateGroupInput", field: "users" },
    {
      what: "the group of a stage",
      of: "group",
      change: "update_approval_workflow_stage_definition",
      id: "stageDefinition",
      input: "UpdateApprovalWorkflowStageDefinitionInput",
      field: "approver_group",
    },
  ])("and was to be referred to, such as $what, is a CONFLICT", async ({ of, change, id, input, field }) => {
    const isMany = field.endsWith("s");
    const made = {
      job: async () => ({ id: (await app.client.query(`{ jobs(name: "Other hook") { id } }`)).jobs[0]!.id }),
      tag: async () => (await app.client.query(`mutation { made: create_tag(data: { name: "new" }) { id } }`)).made,
      user: async () => (await app.client.query(`mutation { made: create_user(data: { username: "new" }) { id } }`)).made,
      group: async () => (await app.client.query(`mutation { made: create_group(data: { name: "new" }) { id } }`)).made,
    }[of]!;
    const target = (await made()).id as string;
    const document = `mutation ($id: ID!, $data: ${input}!) { ${change}(id: $id, data: $data) { id } }`;
    const variables = { id: ids[id], data: { [field]: isMany ? [target] : target } };
    const refused = await whileDeleting(of, target, () => app.client.refused(document, variables));
    expect(refused).toMatchObject({ message: expect.stringContaining("deleted"), extensions: { code: "CONFLICT" } });
  });
});

import type { TestClient } from "../support/client.ts";

/** Receivers of both kinds, in each state that a hook or a button can meet, and a plain job. */
export const JOBS = {
  "r.ts": `
export const Hook = defineJobHookReceiver({ name: "Hook", enabled: true, receive() {} });
export const Other = defineJobHookReceiver({ name: "Other hook", enabled: true, receive() {} });
export const HookOff = defineJobHookReceiver({ name: "Hook off", receive() {} });
export const Button = defineJobButtonReceiver({ name: "Button", enabled: true, receive() {} });
export const ButtonOff = defineJobButtonReceiver({ name: "Button off", receive() {} });
export const Plain = defineJob({ name: "Plain", enabled: true, taskQueues: ["plain"], run() {} });
`,
};

/** A model that clients may create, update and delete. */
export interface Changeable {
  name: string;
  /** `Create…Input` without its ends. */
  type: string;
  /** Fields of an object that are compared. */
  selection: string;
}

export const QUEUE: Changeable = {
  name: "job_queue",
  type: "JobQueue",
  selection: "name description queue_type tags { name } _custom_field_data",
};
export const HOOK: Changeable = {
  name: "job_hook",
  type: "JobHook",
  selection:
    'name enabled job { name } type_create type_update type_delete content_types(sort: "label") { label } _custom_field_data',
};
export const BUTTON: Changeable = {
  name: "job_button",
  type: "JobButton",
  selection: 'name enabled text job { name } weight group_name button_class confirmation content_types(sort: "label") { label }',
};
export const TAG: Changeable = {
  name: "tag",
  type: "Tag",
  selection: 'name color description content_types(sort: "label") { label } _custom_field_data',
};
export const NOTE: Changeable = {
  name: "note",
  type: "Note",
  selection: "assigned_object_type { label } assigned_object_id note user_name user { username }",
};

/** Mutation that creates an object. */
export const CREATE = ({ name, type, selection }: Changeable) =>
  `mutation ($data: Create${type}Input!) { object: create_${name}(data: $data) { id created last_updated ${selection} } }`;

/** Creates an object. */
export async function create(client: TestClient, model: Changeable, data: object) {
  return (await client.query(CREATE(model), { data })).object;
}

/** Mutation that changes an object. */
export const UPDATE = ({ name, type, selection }: Changeable) =>
  `mutation ($id: ID!, $data: Update${type}Input!, $since: DateTime) {
    object: update_${name}(id: $id, data: $data, if_unmodified_since: $since) { id created last_updated ${selection} }
  }`;

/** Changes an object. */
export async function update(client: TestClient, model: Changeable, id: string, data: object, since?: string) {
  return (await client.query(UPDATE(model), { id, data, since })).object;
}

/** Mutation that deletes an object. */
export const DELETE = ({ name, selection }: Changeable) =>
  `mutation ($id: ID!, $since: DateTime) { object: delete_${name}(id: $id, if_unmodified_since: $since) { id created last_updated ${selection} } }`;

/** Deletes an object. */
export async function remove(client: TestClient, model: Changeable, id: string, since?: string) {
  return (await client.query(DELETE(model), { id, since })).object;
}

/** Returns the change log of an object, oldest first. */
export async function changesOf(client: TestClient, id: string): Promise<any[]> {
  const { object_changes } = await client.query(
    `query ($id: [String!]) {
      object_changes(changed_object_id: $id, sort: ["time", "id"]) {
        action user_name user { username } request_id change_context change_context_detail object_repr
        changed_object_type { label } related_object_type { label } related_object_id
        object_data_v2 prechange postchange differences
      }
    }`,
    { id: [id] },
  );
  return object_changes;
}

/** Returns the number of changes in the log. */
export async function countChanges(client: TestClient): Promise<number> {
  return (await client.query(`{ object_changes_connection { total_count } }`)).object_changes_connection.total_count;
}

import type { SchemaStep } from "./index.ts";

/** Kinds of objects at the time of this step, without those that only administrators see. */
const COMMON = [
  "contenttypes.contenttype",
  "auth.group",
  "users.user",
  "extras.approvalworkflow",
  "extras.approvalworkflowdefinition",
  "extras.approvalworkflowstage",
  "extras.approvalworkflowstagedefinition",
  "extras.approvalworkflowstageresponse",
  "extras.fileproxy",
  "extras.gitrepository",
  "extras.job",
  "extras.jobbutton",
  "extras.jobconsoleentry",
  "extras.jobhook",
  "extras.joblogentry",
  "extras.jobqueue",
  "extras.jobqueueassignment",
  "extras.jobresult",
  "extras.note",
  "extras.objectchange",
  "extras.scheduledjob",
  "extras.tag",
];
const ALL = [...COMMON, "users.objectpermission", "users.token"];

const OWN = { user: "$user" };
const EVERYDAY = ["Operators", "Authors"];

/** Groups of users who were there before permissions. */
const PLAIN = "Users before permissions";
const STAFF = "Staff before permissions";

interface Permission {
  name: string;
  groups: readonly string[];
  types: readonly string[];
  actions: readonly string[];
  constraints?: object;
}

/** Permissions of every server. */
const PERMISSIONS: readonly Permission[] = [
  { name: "View objects", groups: ["Viewers", ...EVERYDAY, "Approvers"], types: COMMON, actions: ["view"] },
  { name: "Run jobs", groups: EVERYDAY, types: ["extras.job"], actions: ["run"] },
  { name: "Cancel own runs", groups: EVERYDAY, types: ["extras.jobresult"], actions: ["cancel"], constraints: OWN },
  { name: "Schedule jobs", groups: EVERYDAY, types: ["extras.scheduledjob"], actions: ["add"] },
  {
    name: "Change own schedules",
    groups: EVERYDAY,
    types: ["extras.scheduledjob"],
    actions: ["change", "delete"],
    constraints: OWN,
  },
  { name: "Write notes", groups: [...EVERYDAY, "Approvers"], types: ["extras.note"], actions: ["add"] },
  {
    name: "Change own notes",
    groups: [...EVERYDAY, "Approvers"],
    types: ["extras.note"],
    actions: ["change", "delete"],
    constraints: OWN,
  },
  { name: "Change jobs", groups: ["Authors"], types: ["extras.job"], actions: ["change", "delete", "enable"] },
  {
    name: "Make hooks, buttons and tags",
    groups: ["Authors"],
    types: ["extras.jobbutton", "extras.jobhook", "extras.tag"],
    actions: ["add", "change", "delete", "import"],
  },
  { name: "Approve requests", groups: ["Approvers"], types: ["extras.scheduledjob"], actions: ["approve"] },
  {
    name: "Administer",
    groups: ["Administrators"],
    types: ALL,
    actions: ["view", "add", "change", "delete", "run", "approve", "cancel", "enable", "import", "override_approval", "prune"],
  },
];

/** Permissions of servers with users, who may do as much as before. */
const BEFORE: readonly Permission[] = [
  { name: "View objects, before permissions", groups: [PLAIN], types: COMMON, actions: ["view"] },
  {
    name: "Work, before permissions",
    groups: [PLAIN],
    types: [
      "extras.job",
      "extras.jobbutton",
      "extras.jobhook",
      "extras.jobqueue",
      "extras.jobresult",
      "extras.objectchange",
      "extras.scheduledjob",
      "extras.tag",
    ],
    actions: ["add", "change", "delete", "run", "cancel", "enable", "import"],
  },
  { name: "Write notes, before permissions", groups: [PLAIN], types: ["extras.note"], actions: ["add", "import"] },
  {
    name: "Change own notes, before permissions",
    groups: [PLAIN],
    types: ["extras.note"],
    actions: ["change", "delete"],
    constraints: OWN,
  },
  { name: "Approve requests, before permissions", groups: [STAFF], types: ["extras.scheduledjob"], actions: ["approve"] },
  { name: "Override approval, before permissions", groups: [STAFF], types: ["extras.job"], actions: ["override_approval"] },
  { name: "Prune records, before permissions", groups: [STAFF], types: ["extras.jobresult"], actions: ["prune"] },
];

let made = 0;
/** Ids of rows of this step: the same on every server. */
const newId = () => `018ff000-0000-7000-8000-${String(++made).padStart(12, "0")}`;

/** A condition for a statement that makes rows only on a server with users besides superusers. */
const HAS_USERS = `exists (select 1 from "user" where is_superuser = false)`;

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

const contentType = (label: string) => {
  const [app, model] = label.split(".");
  return `insert into content_type (id, app_label, model, label) values ('${newId()}', '${app}', '${model}', '${label}') on conflict do nothing`;
};

/** Ids of the groups by their names: a group that had such a name before gets no permissions. */
const GROUPS = new Map(
  ["Viewers", "Operators", "Authors", "Approvers", "Administrators", PLAIN, STAFF].map((name) => [name, newId()]),
);
const groupId = (name: string) => `cast('${GROUPS.get(name)}' as uuid)`;

const group = (name: string, condition = "true") =>
  `insert into "group" (id, name) select ${groupId(name)}, ${quoted(name)} where ${condition} on conflict do nothing`;

/** An id that a select gives: PostgreSQL wants to know its type. */
const id = () => `cast('${newId()}' as uuid)`;

function* permission({ name, groups, types, actions, constraints }: Permission, condition: string): Generator<string> {
  const json = (value: unknown) => (value === undefined ? "null" : `cast(${quoted(JSON.stringify(value))} as jsonb)`);
  const of = `from object_permission p, "OTHER" o where p.name = ${quoted(name)} and o.`;
  yield `insert into object_permission (id, name, description, enabled, actions, constraints) select ${id()}, ${quoted(name)}, '', true, ${json(actions)}, ${json(constraints)} where ${condition}`;
  yield `insert into object_permission_content_type (object_permission_id, content_type_id) select p.id, o.id ${of.replace("OTHER", "content_type")}label in (${types.map(quoted).join(", ")})`;
  yield `insert into object_permission_group (object_permission_id, group_id) select p.id, o.id ${of.replace("OTHER", "group")}id in (${groups.map(groupId).join(", ")})`;
}

const members = (name: string, who: string) =>
  `insert into group_user (group_id, user_id) select g.id, u.id from "group" g, "user" u where g.id = ${groupId(name)} and u.is_superuser = false and ${who}`;

const STATEMENTS: readonly string[] = [
  ...ALL.map(contentType),
  ...["Viewers", "Operators", "Authors", "Approvers", "Administrators"].map((name) => group(name)),
  ...PERMISSIONS.flatMap((one) => [...permission(one, "true")]),
  ...[PLAIN, STAFF].map((name) => group(name, HAS_USERS)),
  ...BEFORE.flatMap((one) => [...permission(one, HAS_USERS)]),
  members(PLAIN, "true"),
  members(STAFF, "u.is_staff = true"),
];

/** SQLite has neither type, and keeps what it is given. */
const ofSqlite = (statement: string) => statement.replaceAll(/cast\(('(?:[^']|'')*') as (?:uuid|jsonb)\)/g, "$1");

/**
 * Groups with permissions, for a start. Users who were there before permissions come into groups of their own, with permissions for all that they could
 * do: an administrator moves them to others, and deletes those.
 */
export const defaultPermissions: SchemaStep = {
  name: "0013-default-permissions",
  sqlite: STATEMENTS.map(ofSqlite),
  postgresql: STATEMENTS,
};

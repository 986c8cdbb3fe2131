/*
 * Parts of Nautobot's GraphQL in the job area that we have not, all of them, each with its reason. `facts.test.ts` fails for any other difference, and for an
 * exception without a difference.
 */

const OUTSIDE = "A model outside this project.";
const LATER = "Comes with a later issue.";

/** Types whose objects we do not have: a field that leads to one is missing. */
export const MISSING_TYPES: Record<string, string> = {
  ComputedFieldType: OUTSIDE,
  ContactAssociationType: LATER,
  ContactType: LATER,
  DynamicGroupType: LATER,
  MetadataTypeType: LATER,
  ObjectMetadataType: LATER,
  RoleType: OUTSIDE,
  StaticGroupAssociationType: LATER,
  StatusType: OUTSIDE,
  TeamType: LATER,
  WebhookType: OUTSIDE,
};

/** Filters that lead to such objects; each stands for its lookups (`__n`, `__isnull`, …) too. */
export const MISSING_ARGUMENTS: Record<string, string> = {
  contacts: LATER,
  dynamic_groups: LATER,
  model_constraints: "Compares JSON with a text, which is never the same.",
  secrets_group: OUTSIDE,
  secrets_group_id: OUTSIDE,
  teams: LATER,
  tenant: OUTSIDE,
  tenant_group: OUTSIDE,
  tenant_id: OUTSIDE,
};

/** Fields that the two releases type differently: ours is as the newer one has it. */
export const AS_IN_THE_NEWER: Record<string, string> = {
  "JobButtonType.job": "No longer non-null: an object that may not be seen is null.",
  "JobHookType.job": "No longer non-null: an object that may not be seen is null.",
  "JobLogEntryType.job_result": "No longer non-null: an object that may not be seen is null.",
  "JobType.jobbutton_set": "No longer non-null, like every list.",
  "JobType.task_queues": "A list of names; it was any JSON value.",
  "NoteType.assigned_object_type": "No longer non-null: an object that may not be seen is null.",
};

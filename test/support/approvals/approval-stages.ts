import type { TestClient } from "../client.ts";

/** A stage to be approved: its name, its group by name, the number of approvals, and the message of a denial. */
export interface StageWishes {
  name: string;
  group: string;
  minApprovers?: number;
  denialMessage?: string;
}

/** Makes a group of users. @param users by username or id. @returns its id. */
export async function createGroup(client: TestClient, name: string, users: readonly string[]): Promise<string> {
  const document = `mutation ($name: String!, $users: [String!]) { create_group(data: { name: $name, users: $users }) { id } }`;
  return (await client.query(document, { name, users })).create_group.id;
}

/** Defines a workflow with its stages. @returns its id. */
export async function defineWorkflow(
  client: TestClient,
  stages: readonly StageWishes[],
  more: { name?: string; weight?: number; model_constraints?: object } = {},
): Promise<string> {
  const { create_approval_workflow_definition } = await client.query(
    `mutation ($data: CreateApprovalWorkflowDefinitionInput!) { create_approval_workflow_definition(data: $data) { id } }`,
    { data: { name: "Reviewed", model_content_type: "extras.scheduledjob", ...more } },
  );
  const { id } = create_approval_workflow_definition;
  for (const [n, { name, group, minApprovers = 1, denialMessage = "" }] of stages.entries())
    await client.query(
      `mutation ($data: CreateApprovalWorkflowStageDefinitionInput!) { create_approval_workflow_stage_definition(data: $data) { id } }`,
      {
        data: {
          approval_workflow_definition: id,
          sequence: 10 * (n + 1),
          name,
          min_approvers: minApprovers,
          denial_message: denialMessage,
          approver_group: group,
        },
      },
    );
  return id;
}

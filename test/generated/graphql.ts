/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** The severity of a log line. */
export type ExtrasJobLogEntryLogLevelChoices =
  /** An error occurred, and the job cannot go on. */
  | 'CRITICAL'
  /** A detail for the author of the job. */
  | 'DEBUG'
  /** An error occurred. */
  | 'ERROR'
  /** A check of the job failed. The job goes on. */
  | 'FAILURE'
  /** The job reports its work. */
  | 'INFO'
  /** The job completed a step. */
  | 'SUCCESS'
  /** Something looks wrong. The job goes on. */
  | 'WARNING';

/** The status of a run. `SUCCESS`, `FAILURE` and `REVOKED` are final. */
export type ExtrasJobResultStatusChoices =
  /** The job failed, was ended, or lost its worker; `error` has the reason. */
  | 'FAILURE'
  /** The run waits for a worker. */
  | 'PENDING'
  /** A worker has the run, but has not started it. */
  | 'RECEIVED'
  /** An attempt failed, and the run waits for its next one. */
  | 'RETRY'
  /** The run was canceled. */
  | 'REVOKED'
  /** The job is running. */
  | 'STARTED'
  /** The job returned; `result` has its value. */
  | 'SUCCESS';

export type JobsQueryVariables = Exact<{ [key: string]: never; }>;


export type JobsQuery = { jobs: Array<{ id: string, name: string, grouping: string, class_path: string, enabled: boolean, variables_schema: unknown }> | null };

export type RunJobMutationVariables = Exact<{
  class_path: string;
  data?: unknown;
}>;


export type RunJobMutation = { run_job: { id: string, status: ExtrasJobResultStatusChoices, date_created: string } };

export type RunQueryVariables = Exact<{
  id: string;
}>;


export type RunQuery = { job_result: { id: string, status: ExtrasJobResultStatusChoices, result: unknown, job_model: { name: string } | null } | null };

export type FollowLogSubscriptionVariables = Exact<{
  job_result_id: string;
  after_sequence?: number | null | undefined;
}>;


export type FollowLogSubscription = { job_log_entries: Array<{ sequence: number, created: string, log_level: ExtrasJobLogEntryLogLevelChoices, grouping: string, message: string }> };


export const JobsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Jobs"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"jobs"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"grouping"}},{"kind":"Field","name":{"kind":"Name","value":"class_path"}},{"kind":"Field","name":{"kind":"Name","value":"enabled"}},{"kind":"Field","name":{"kind":"Name","value":"variables_schema"}}]}}]}}]} as unknown as DocumentNode<JobsQuery, JobsQueryVariables>;
export const RunJobDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RunJob"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"class_path"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"data"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"GenericScalar"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"run_job"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"class_path"},"value":{"kind":"Variable","name":{"kind":"Name","value":"class_path"}}},{"kind":"Argument","name":{"kind":"Name","value":"data"},"value":{"kind":"Variable","name":{"kind":"Name","value":"data"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"date_created"}}]}}]}}]} as unknown as DocumentNode<RunJobMutation, RunJobMutationVariables>;
export const RunDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Run"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"job_result"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"result"}},{"kind":"Field","name":{"kind":"Name","value":"job_model"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]} as unknown as DocumentNode<RunQuery, RunQueryVariables>;
export const FollowLogDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"FollowLog"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"job_result_id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after_sequence"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"job_log_entries"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"job_result_id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"job_result_id"}}},{"kind":"Argument","name":{"kind":"Name","value":"after_sequence"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after_sequence"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"sequence"}},{"kind":"Field","name":{"kind":"Name","value":"created"}},{"kind":"Field","name":{"kind":"Name","value":"log_level"}},{"kind":"Field","name":{"kind":"Name","value":"grouping"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]} as unknown as DocumentNode<FollowLogSubscription, FollowLogSubscriptionVariables>;
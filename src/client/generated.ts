/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
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

export type RunJobMutationVariables = Exact<{
  id?: string | null | undefined;
  class_path?: string | null | undefined;
  name?: string | null | undefined;
  data?: unknown;
  dryrun?: boolean | null | undefined;
  console_log?: boolean | null | undefined;
  job_queue?: string | null | undefined;
  ignore_singleton_lock?: boolean | null | undefined;
  idempotency_key?: string | null | undefined;
}>;


export type RunJobMutation = { run_job: { id: string, name: string, status: ExtrasJobResultStatusChoices, date_created: string } };

export type FollowLogSubscriptionVariables = Exact<{
  job_result_id: string;
  after_sequence: number;
}>;


export type FollowLogSubscription = { job_log_entries: Array<{ sequence: number, created: string, log_level: ExtrasJobLogEntryLogLevelChoices, grouping: string, message: string, log_object: string, absolute_url: string }> };

export type RunStateQueryVariables = Exact<{
  id: string;
}>;


export type RunStateQuery = { job_result: { id: string, name: string, status: ExtrasJobResultStatusChoices, result: unknown, date_created: string, date_started: string | null, date_done: string | null, debug_log_count: number | null, info_log_count: number | null, success_log_count: number | null, warning_log_count: number | null, error_log_count: number | null, error: { type: string, message: string, traceback: string | null } | null } | null };

export type CancelRunMutationVariables = Exact<{
  id: string;
  reason?: string | null | undefined;
}>;


export type CancelRunMutation = { cancel_job_result: { id: string, status: ExtrasJobResultStatusChoices, date_canceled: string | null } };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}

export const RunJobDocument = new TypedDocumentString(`
    mutation RunJob($id: ID, $class_path: String, $name: String, $data: GenericScalar, $dryrun: Boolean, $console_log: Boolean, $job_queue: String, $ignore_singleton_lock: Boolean, $idempotency_key: String) {
  run_job(
    id: $id
    class_path: $class_path
    name: $name
    data: $data
    dryrun: $dryrun
    console_log: $console_log
    job_queue: $job_queue
    ignore_singleton_lock: $ignore_singleton_lock
    idempotency_key: $idempotency_key
  ) {
    id
    name
    status
    date_created
  }
}
    `) as unknown as TypedDocumentString<RunJobMutation, RunJobMutationVariables>;
export const FollowLogDocument = new TypedDocumentString(`
    subscription FollowLog($job_result_id: ID!, $after_sequence: Int!) {
  job_log_entries(job_result_id: $job_result_id, after_sequence: $after_sequence) {
    sequence
    created
    log_level
    grouping
    message
    log_object
    absolute_url
  }
}
    `) as unknown as TypedDocumentString<FollowLogSubscription, FollowLogSubscriptionVariables>;
export const RunStateDocument = new TypedDocumentString(`
    query RunState($id: ID!) {
  job_result(id: $id) {
    id
    name
    status
    result
    error {
      type
      message
      traceback
    }
    date_created
    date_started
    date_done
    debug_log_count
    info_log_count
    success_log_count
    warning_log_count
    error_log_count
  }
}
    `) as unknown as TypedDocumentString<RunStateQuery, RunStateQueryVariables>;
export const CancelRunDocument = new TypedDocumentString(`
    mutation CancelRun($id: ID!, $reason: String) {
  cancel_job_result(id: $id, reason: $reason) {
    id
    status
    date_canceled
  }
}
    `) as unknown as TypedDocumentString<CancelRunMutation, CancelRunMutationVariables>;
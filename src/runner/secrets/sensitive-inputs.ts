import type { Job } from "../../entities/index.ts";
import { createRedactor } from "../sandbox/redaction/redaction.ts";
import type { ErrorDetail } from "../../errors.ts";
import type { Vault } from "./vault.ts";

/*
 * Inputs that nobody may read: of a job with `has_sensitive_variables` all, of others those of variables that are `writeOnly` in its
 * `variables_schema`. They never come into `task_kwargs`: they wait in a column of their own, sealed, until the run has ended.
 */

type Data = Record<string, unknown>;

/** A run's inputs as its row keeps them. */
export interface KeptInputs {
  taskKwargs: Data;
  /** The others, sealed. */
  sensitiveKwargs: string | null;
  /** Their names, as `celery_kwargs` keep them. */
  options: SensitiveKwargs;
}

/** Names of a run's sensitive inputs, as its `celery_kwargs` keep them. */
export interface SensitiveKwargs {
  sensitive_variables?: string[];
}

/** Parts inputs in those that are kept for everybody and those that are sealed for the run. */
export function sealInputs(vault: Vault, job: SensitiveJob, jobResultId: string, data: Data): KeptInputs {
  const { sensitive, rest } = partInputs(job, data);
  const names = Object.keys(sensitive);
  if (names.length === 0) return { taskKwargs: data, sensitiveKwargs: null, options: {} };
  return { taskKwargs: rest, sensitiveKwargs: vault.seal(sensitive, jobResultId), options: { sensitive_variables: names } };
}

type SensitiveJob = Pick<Job, "hasSensitiveVariables" | "variablesSchema">;

/** Names of the variables that are sensitive each by itself. */
export function sensitiveVariables({ variablesSchema }: Pick<Job, "variablesSchema">): string[] {
  const variables = Object.entries((variablesSchema["properties"] ?? {}) as Record<string, { writeOnly?: boolean }>);
  return variables.filter(([, variable]) => variable.writeOnly === true).map(([name]) => name);
}

/** Parts inputs in those that nobody may read, and the rest. */
export function partInputs(job: SensitiveJob, data: Data): { sensitive: Data; rest: Data } {
  const names = new Set(sensitiveVariables(job));
  const isSensitive = (name: string) => job.hasSensitiveVariables || names.has(name);
  const { true: sensitive = [], false: rest = [] } = Object.groupBy(Object.entries(data), ([name]) => `${isSensitive(name)}`);
  return { sensitive: Object.fromEntries(sensitive), rest: Object.fromEntries(rest) };
}

/** Returns the texts of a job's inputs that nobody may read. */
export function secretsOf(job: SensitiveJob, data: Data): string[] {
  return secretsIn(partInputs(job, data).sensitive);
}

/** Returns details of wrong inputs, without the secrets that they quote. */
export function redactDetails(secrets: readonly string[], details: readonly ErrorDetail[]): ErrorDetail[] {
  const redactor = createRedactor({ secrets, patterns: [] });
  return details.map(({ field, message }) => ({ field, message: redactor.text(message, Infinity) }));
}

/** Every text and number in a value; of a file its text too. */
export function secretsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value === "number") return [String(value)];
  if (typeof value !== "object" || value === null) return [];
  const base64 = (value as { base64?: unknown }).base64;
  const content = typeof base64 === "string" ? [Buffer.from(base64, "base64").toString("utf8")] : [];
  return [...content, ...Object.values(value).flatMap(secretsIn)];
}

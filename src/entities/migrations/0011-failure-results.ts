import type { SchemaStep } from "./index.ts";

/** A run that has failed, or whose last attempt has, by an error whose message was a text. Results of jobs that look like one do not count. */
const failed = (isText: string) =>
  `where "status" in ('PENDING', 'RECEIVED', 'STARTED', 'RETRY', 'FAILURE', 'REVOKED') and ${isText}`;

/** Failures as Nautobot's workers store them. */
export const failureResults: SchemaStep = {
  name: "0011-failure-results",
  sqlite: [
    `update "job_result" set "result" = json_object('exc_type', "result" ->> 'exc_type', 'exc_module', 'builtins', 'exc_message', json_array("result" ->> 'exc_message')) ${failed(`json_type("result", '$.exc_message') = 'text'`)}`,
  ],
  postgresql: [
    `update "job_result" set "result" = jsonb_build_object('exc_type', "result" -> 'exc_type', 'exc_module', 'builtins', 'exc_message', jsonb_build_array("result" -> 'exc_message')) ${failed(`jsonb_typeof("result" -> 'exc_message') = 'string'`)}`,
  ],
};

import { membersOf, textsIn } from "../../../entities/json-members.ts";
import type { Row } from "../../reading/list.ts";

/** Names of the inputs of a run, or of a request for one, that nobody may read. @param row with its `celery_kwargs`. */
export function sensitiveVariables(row: Row): string[] {
  return textsIn(membersOf(row["celery_kwargs"])["sensitive_variables"]);
}

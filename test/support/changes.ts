import type { TestClient } from "./client.ts";

/** A change as {@link readLog} asks for it. */
export interface LoggedChange {
  action: "CREATE" | "DELETE" | "UPDATE";
  user_name: string;
  request_id: string;
  change_context_detail: string;
  changed_object_type: { label: string };
  changed_object_id: string;
  object_repr: string;
  prechange: Record<string, any> | null;
  postchange: Record<string, any> | null;
  differences: Record<"added" | "removed", Record<string, any> | null>;
}

/** The change log, oldest first; `filters` as `object_changes` takes them. */
export async function readLog(client: TestClient, filters = ""): Promise<LoggedChange[]> {
  const { object_changes } = await client.query(`{ object_changes(sort: ["time", "id"] ${filters}) {
    action user_name request_id change_context_detail changed_object_type { label } changed_object_id object_repr
    prechange postchange differences } }`);
  return object_changes;
}

import { isDeepStrictEqual } from "node:util";
import { defineJobHookReceiver } from "jobgraph";

/** Logs the differences of a change, a line each field. Point a job hook at it, then make it act on them. */
export const ReportChanges = defineJobHookReceiver({
  name: "Report Changes",
  grouping: "Examples",
  description: "Run by job hooks: says which fields of an object have changed, and from what to what.",
  enabled: true,
  readOnly: true,
  receive({ change, action, logger }) {
    const { before, after, objectRepr, objectType, userName } = change;
    logger.info(`${userName || "Somebody"}: ${action} of ${objectType} ${objectRepr}`, { object: objectRepr });
    const fields = Object.keys({ ...before, ...after }).filter((field) => field !== "last_updated");
    const changed = fields.filter((field) => !isDeepStrictEqual(before?.[field], after?.[field]));
    for (const field of changed) {
      const [old, now] = [before?.[field], after?.[field]].map((value) => JSON.stringify(value ?? null));
      logger.info(`${field}: ${old} → ${now}`, { object: objectRepr, grouping: "fields" });
    }
    return { action, changed };
  },
});

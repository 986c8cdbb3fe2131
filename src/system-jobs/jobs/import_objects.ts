import { defineJob, fileVar, JobFailure, objectVar, textVar, z } from "jobgraph";

/** Largest file in the body of a request, as base64. */
const MAX_FILE_BYTES = 1_500_000;
/** Errors that the result of a run that failed names; the log and the file have all of them. */
const MAX_TOLD = 10;

interface Imported {
  applied: boolean;
  created: number;
  updated: number;
  unchanged: number;
  errors: { row: number; field: string; message: string }[];
}

const IMPORT = `mutation ($content_type: String!, $rows: [GenericScalar]!, $dry_run: Boolean!) {
  import_objects(content_type: $content_type, rows: $rows, dry_run: $dry_run) {
    applied created updated unchanged errors { row field message }
  }
}`;

const given = (what: string) =>
  ({ required: false, label: what, description: `Objects as ${what}; give one of the four.` }) as const;

/** Creates and changes objects of one kind from a file, all of them or none. */
export const ImportObjects = defineJob({
  name: "Import Objects",
  grouping: "System Jobs",
  description:
    "Creates and updates objects of one kind from CSV or JSON. Existing objects are found by `id`, or else by the field that names them. All rows are imported, or none is; the log lists the errors by row. At most 2,000 rows. A dry run checks the rows without importing them.",
  enabled: true,
  supportsDryrun: true,
  variables: z.object({
    content_type: objectVar({
      model: "contenttypes.contenttype",
      label: "Content type",
      description: "Kind of the objects, e.g. `extras.jobqueue`.",
    }),
    csv_data: textVar(given("CSV text")),
    csv_file: fileVar({ ...given("a CSV file"), maxBytes: MAX_FILE_BYTES }),
    json_data: textVar(given("JSON text")),
    json_file: fileVar({ ...given("a JSON file"), maxBytes: MAX_FILE_BYTES }),
  }),
  async run({ data, dryRun, graphql, createFile, logger }) {
    const { readModel } = await import("../transfer/object-model.ts");
    const { readRows } = await import("../transfer/read-rows.ts");
    const label = String(data.content_type["label"]);
    const { rows, errors: unread } = readRows(data, await readModel(graphql, label));
    if (rows.length === 0) throw new JobFailure("There is no row to import.");
    const variables = { content_type: label, rows, dry_run: dryRun || unread.length > 0 };
    const { import_objects: imported } = await graphql<{ import_objects: Imported }>(IMPORT, variables);
    const errors = [...unread, ...imported.errors].toSorted((one, other) => one.row - other.row);
    for (const { row, field, message } of errors)
      logger.error(placed(field, message), { object: `row ${row}`, grouping: "rows" });
    if (errors.length > 0) {
      await createFile("errors.json", JSON.stringify(errors, null, 2));
      if (dryRun) return { ...imported, errors };
      const bad = new Set(errors.map(({ row }) => row)).size;
      const told = errors.slice(0, MAX_TOLD).map(({ row, field, message }) => `Row ${row}: ${placed(field, message)}`);
      if (errors.length > MAX_TOLD) told.push(`And ${errors.length - MAX_TOLD} more.`);
      throw new JobFailure(
        `${bad} of ${rows.length} ${rows.length === 1 ? "row does" : "rows do"} not fit, so none is imported. ${told.join(" ")}`,
      );
    }
    const { created, updated, unchanged } = imported;
    const would = dryRun ? "Would be imported" : "Imported";
    logger.success(`${would}: ${created} new, ${updated} changed, ${unchanged} as they were`, { object: label });
    return imported;
  },
});

const placed = (field: string, message: string) => (field === "" ? message : `${field}: ${message}`);

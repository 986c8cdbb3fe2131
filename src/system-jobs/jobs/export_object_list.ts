import { choiceVar, defineJob, jsonVar, JobFailure, objectVar, stringVar, z } from "jobgraph";

/** Writes the objects of a list into a file of the run. */
export const ExportObjectList = defineJob({
  name: "Export Object List",
  grouping: "System Jobs",
  description:
    "Writes objects of one kind, all or those that filters find, into a file of the run: CSV, JSON or YAML. References are written as the field that names the other object, or else as its id. Import Objects reads the file.",
  enabled: true,
  readOnly: true,
  softTimeLimit: 1800,
  timeLimit: 1860,
  variables: z.object({
    content_type: objectVar({
      model: "contenttypes.contenttype",
      label: "Content type",
      description: "Kind of the objects, e.g. `extras.jobqueue`.",
    }),
    query_string: stringVar({
      required: false,
      label: "Filters",
      description: "Filters of the list as in a URL: `name__ic=core&enabled=true`.",
    }),
    filters: jsonVar({
      required: false,
      label: "Filters as JSON",
      description: 'The same as an object: `{"name__ic": ["core"]}`.',
    }),
    export_format: choiceVar({
      choices: [
        ["csv", "CSV"],
        ["json", "JSON"],
        ["yaml", "YAML"],
      ],
      default: "csv",
      label: "Format",
      description: "Format of the file.",
    }),
  }),
  async run({ data, graphql, createFile, logger, progress, signal }) {
    // Imported here, as describing the job does not need it.
    const { readModel } = await import("../transfer/object-model.ts");
    const { readPages, readQueryString } = await import("../transfer/read-pages.ts");
    const { writeObjects } = await import("../transfer/write-objects.ts");
    const label = String(data.content_type["label"]);
    const { filters: given = {}, query_string: query = "", export_format: format } = data;
    if (typeof given !== "object" || given === null || Array.isArray(given)) throw new JobFailure("The filters are no object.");
    const model = await readModel(graphql, label);
    const filters = { ...readQueryString(model, query), ...given };
    let count = 0;
    async function* counted() {
      for await (const page of readPages(graphql, signal, model, filters)) {
        count += page.length;
        progress(count, null, "objects");
        yield page;
      }
    }
    const file = await createFile(`${label}.${format}`, writeObjects(format, model.fields, counted()));
    logger.success(`${count} ${count === 1 ? "object" : "objects"} of the kind ${label}, ${file.size} bytes`, {
      object: file.name,
    });
    return { count, file };
  },
});

import { JobFailure, type JobContext } from "jobgraph";

/** A field of a kind of objects, as the API describes it. */
export interface ModelField {
  name: string;
  kind: string;
  /** The field that names each object of a reference or of links; null for other fields. */
  key: string | null;
  nullable: boolean;
  creatable: boolean;
  updatable: boolean;
}

/** A kind of objects, as the API describes it. */
export interface ObjectModel {
  list: string;
  natural_key: string | null;
  fields: ModelField[];
  filters: { name: string; type: string }[];
  default_filters: Record<string, unknown>;
}

const OBJECT_MODEL = `query ($label: String!) {
  object_model(content_type: $label) {
    list
    natural_key
    fields { name kind key nullable creatable updatable }
    filters { name type }
    default_filters
  }
}`;

/** Returns the server's description of a kind of objects. @throws JobFailure for one that it does not keep. */
export async function readModel(graphql: JobContext["graphql"], label: string): Promise<ObjectModel> {
  const { object_model: model } = await graphql<{ object_model: ObjectModel | null }>(OBJECT_MODEL, { label });
  if (!model) throw new JobFailure(`This server keeps no objects of the kind ${label}.`);
  return model;
}

import type { Rights } from "../../access/rights.ts";
import { rightsOfUser } from "../../access/user-rights.ts";
import { findOwnObjects, isOwnType, readOwnObjects } from "../../changes/index.ts";
import type { Database } from "../../entities/database.ts";
import type { ErrorDetail } from "../../errors.ts";

/*
 * A variable that stands for objects is named by its client, kept as ids in the run's `task_kwargs`, and loaded when the run starts: the job sees the object
 * as it is then. `x-model` in the job's `variables_schema` marks these variables.
 */

type Data = Record<string, unknown>;

/** Returns a job's inputs with ids in the place of named objects that the user may view, or errors by variable. */
export async function resolveObjects(
  database: Database,
  rights: Rights,
  variablesSchema: Data,
  data: Data,
): Promise<{ data: Data; details: ErrorDetail[] }> {
  const resolved = { ...data };
  const details: ErrorDetail[] = [];
  for (const [name, model] of objectVariables(variablesSchema)) {
    if (!Object.hasOwn(data, name)) continue;
    const given = data[name];
    if (!isOwnType(model)) {
      details.push({ field: name, message: `The job needs objects of the kind ${model}, which this server does not have.` });
      continue;
    }
    const names = [given].flat() as string[];
    const ids = await findOwnObjects(database, rights, model, names);
    const missing = names.filter((one) => !ids.has(one));
    for (const one of missing)
      details.push({ field: name, message: `There is no object of the kind ${model} named ${JSON.stringify(one)}.` });
    resolved[name] = Array.isArray(given) ? names.map((one) => ids.get(one)) : ids.get(given as string);
  }
  return { data: resolved, details };
}

/**
 * A run's inputs with the objects themselves.
 * @throws Error when one of them has been deleted since the run was asked for, or when the run's user may not view it any more.
 */
export async function loadObjects(database: Database, userId: string | null, variablesSchema: Data, data: Data): Promise<Data> {
  const loaded = { ...data };
  const variables = objectVariables(variablesSchema).filter(([name]) => Object.hasOwn(data, name));
  if (variables.length === 0) return loaded;
  const rights = await rightsOfUser(database, userId);
  for (const [name, model] of variables) {
    const given = data[name];
    const objects = await readOwnObjects(database, rights, model, [given].flat() as string[]);
    const load = (id: string) => {
      const object = objects.get(id);
      if (!object) throw new Error(`The object of the kind ${model} with id ${id}, given as ${name}, has been deleted.`);
      return object;
    };
    loaded[name] = Array.isArray(given) ? given.map(load) : load(given as string);
  }
  return loaded;
}

function objectVariables({ properties }: Data): [name: string, model: string][] {
  return Object.entries((properties ?? {}) as Record<string, Data>).flatMap(([name, variable]) => {
    const model = variable["x-model"];
    return typeof model === "string" ? [[name, model]] : [];
  });
}

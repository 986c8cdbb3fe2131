import {
  getNamedType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  isInputObjectType,
  isLeafType,
  isRequiredInputField,
} from "graphql";
import type { World } from "../approvals/world.ts";
import { hostileValues, LONG_LISTS, longList, objectWith, required } from "./values.ts";

/* Each argument of each operation with each hostile value. */

/** A kind of operation, as a document begins with it. */
export type OperationKind = "mutation" | "query" | "subscription";

const selectionOf = (field: GraphQLField<unknown, unknown>) => (isLeafType(getNamedType(field.type)) ? "" : "{ __typename }");

/** An operation of one field, with a variable for each argument that is given. */
function operationOf(kind: OperationKind, field: GraphQLField<unknown, unknown>, args: readonly GraphQLArgument[]): string {
  const declared = args.map(({ name, type }) => `$${name}: ${type}`).join(", ");
  const given = args.map(({ name }) => `${name}: $${name}`).join(", ");
  return `${kind} (${declared}) { ${field.name}(${given}) ${selectionOf(field)} }`;
}

/** A hostile value in an operation. */
export interface Attempt {
  words: string;
  operation: string;
  variables: string;
}

/** Objects of the world, by a part of the names of mutations that change them. */
const KNOWN: readonly [RegExp, keyof World][] = [
  [/stage_definition$/, "stageDefinition"],
  [/workflow_definition$/, "definition"],
  [/job_button$/, "button"],
  [/job_hook$/, "hook"],
  [/job_queue$/, "queue"],
  [/scheduled_job/, "schedule"],
  [/job_result/, "run"],
  [/(^|_)job$/, "job"],
  [/group$/, "group"],
  [/tag$/, "tag"],
  [/user$/, "user"],
];

/** Everything that can be sent for one argument. */
export function attemptsOf(
  kind: OperationKind,
  field: GraphQLField<unknown, unknown>,
  arg: GraphQLArgument,
  world: World,
): Attempt[] {
  const args = [...new Set([...required(field.args), arg])];
  const operation = operationOf(kind, field, args);
  const type = getNamedType(arg.type);
  const known = KNOWN.find(([pattern]) => pattern.test(field.name))?.[1];
  const id: Record<string, string> =
    known && field.args.some(({ name }) => name === "id") ? { id: JSON.stringify(world[known]) } : {};
  const lists = (one: GraphQLArgument | GraphQLInputField) =>
    LONG_LISTS.flatMap((length) => {
      const json = longList(one.type, length);
      return json === undefined ? [] : [{ words: `a list of ${length}`, json }];
    });
  const values = isInputObjectType(type)
    ? Object.values(type.getFields()).flatMap((one) => {
        const needed = Object.values(type.getFields()).filter(isRequiredInputField);
        return [...hostileValues(one.type, one.name), ...lists(one)].map(({ words, json }) => ({
          words: `${one.name}: ${words}`,
          json: objectWith(needed, { [one.name]: json }),
        }));
      })
    : [...hostileValues(arg.type, arg.name), ...lists(arg)];
  return values.map(({ words, json }) => ({
    words: `${field.name}(${arg.name}) ${words}`,
    operation,
    variables: objectWith(args, { ...id, [arg.name]: json }),
  }));
}

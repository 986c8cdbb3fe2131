import { type GraphQLSchema, isEnumType, isInputObjectType, isInterfaceType, isObjectType, isUnionType } from "graphql";
import { type Level, type Step, toOne, toOwned } from "./levels.ts";

/** How often one type can wrap another: `[T!]!`. */
const MOST_WRAPPERS = 3;

/** A value of the schema takes a quarter of the time that one of a row takes: nothing is read for it. */
const SHARE = 0.25;
const toSchema: Step = () => ({ objects: SHARE, repeats: SHARE });

/** A level of types, and how many wrappers were taken off on the way to them. */
interface WrappedLevel extends Level {
  wrappers?: number;
}

/** The steps of introspection: a schema's parts are rows of tables whose sizes are known. */
export function createIntrospectionSteps(schema: GraphQLSchema): (type: string, field: string) => Step {
  const sizes = { "__Schema.types": 0, "__Schema.directives": 0, "__Directive.args": 0, "__Field.args": 0, "__Type.fields": 0 };
  const more = { "__Type.inputFields": 0, "__Type.enumValues": 0, "__Type.interfaces": 0, "__Type.possibleTypes": 0 };
  for (const type of Object.values(schema.getTypeMap())) {
    sizes["__Schema.types"]++;
    if (isObjectType(type) || isInterfaceType(type)) {
      const fields = Object.values(type.getFields());
      sizes["__Type.fields"] += fields.length;
      sizes["__Field.args"] += fields.reduce((sum, { args }) => sum + args.length, 0);
      more["__Type.interfaces"] += type.getInterfaces().length;
    }
    if (isInputObjectType(type)) more["__Type.inputFields"] += Object.keys(type.getFields()).length;
    if (isEnumType(type)) more["__Type.enumValues"] += type.getValues().length;
    if (isUnionType(type) || isInterfaceType(type)) more["__Type.possibleTypes"] += schema.getPossibleTypes(type).length;
  }
  for (const { args } of schema.getDirectives()) {
    sizes["__Schema.directives"]++;
    sizes["__Directive.args"] += args.length;
  }
  const steps = new Map<string, Step>([
    ...Object.entries({ ...sizes, ...more }).map(([path, size]) => [path, toOwned(() => size)] as const),
    // At the end there is null, however far a client asks on.
    [
      "__Type.ofType",
      ({ objects, wrappers = 0 }: WrappedLevel): WrappedLevel => ({
        objects: wrappers < MOST_WRAPPERS ? objects : 0,
        repeats: objects,
        wrappers: wrappers + 1,
      }),
    ],
    ["Query.__schema", toSchema],
    ["Query.__type", toSchema],
  ]);
  return (type, field) => steps.get(`${type}.${field}`) ?? toOne;
}

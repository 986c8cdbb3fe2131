import { Extensions, Field, FieldResolver, Float, ObjectType, registerEnumType, Resolver, Root } from "type-graphql";
import { OVERRIDABLE, type OverridableField } from "../../../changes/index.ts";
import { snakeCase } from "../../../entities/mapping/case.ts";
import { isObject, membersOf, textIn, textsIn } from "../../../entities/json-members.ts";
import { Job } from "../../../entities/index.ts";
import { shapeOf } from "../../../entities/mapping/shape.ts";
import type { Row } from "../../reading/list.ts";
import type { ComputedField } from "../../reading/selection.ts";

const FLAGS = OVERRIDABLE.map((field) => `${snakeCase(field)}_override`);
const JOB = shapeOf(Job);

/** The fields of a job that can be overridden, as an enum whose values are the fields' names on the wire. */
export const JobOverridableField = Object.fromEntries(OVERRIDABLE.map((field) => [snakeCase(field), field])) as Record<
  string,
  OverridableField
>;

registerEnumType(JobOverridableField, {
  name: "JobOverridableField",
  description: "A field of a job that can be overridden.",
  valuesConfig: Object.fromEntries(
    Object.keys(JobOverridableField).map((name) => [
      name,
      { description: (JOB.columns.get(name) ?? JOB.one.get(name) ?? JOB.many.get(name))!.description },
    ]),
  ),
});

/** Values of a job's source. */
@ObjectType("JobSourceDefaultsType", {
  description: "The source's values of all fields that can be overridden.",
})
// oxlint-disable-next-line typescript/no-extraneous-class -- a type is a class to type-graphql; its fields are added below
export class JobSourceDefaults {}

/** A type of GraphQL, and a function that reads its value in JSON. */
type Part = readonly [type: unknown, read: (json: unknown) => unknown];

const FLAG: Part = [Boolean, (json) => json === true];
const TEXT: Part = [String, textIn];
const SECONDS: Part = [Float, (json) => (Number.isFinite(json) ? json : 0)];
const PARTS: Partial<Record<OverridableField, Part>> = {
  grouping: TEXT,
  name: TEXT,
  description: TEXT,
  softTimeLimit: SECONDS,
  timeLimit: SECONDS,
  defaultJobQueue: TEXT,
  jobQueues: [[String], textsIn],
};
const partOf = (field: OverridableField) => PARTS[field] ?? FLAG;

for (const field of OVERRIDABLE)
  Field(() => partOf(field)[0] as never, { description: `\`${snakeCase(field)}\` of the job's source.` })(
    JobSourceDefaults.prototype,
    field,
  );

/** Overrides of a job, and the values of its source. */
@Resolver(() => Job)
export class JobOverridesResolver {
  @Extensions({ needs: FLAGS } satisfies ComputedField)
  @FieldResolver(() => [JobOverridableField], { description: "The overridden fields." })
  overrides(@Root() row: Row): OverridableField[] {
    return OVERRIDABLE.filter((field) => row[`${snakeCase(field)}_override`]);
  }

  @Extensions({ needs: ["source"] } satisfies ComputedField)
  @FieldResolver(() => JobSourceDefaults, {
    nullable: true,
    description: "The source's values of all fields that can be overridden; null until a source was found.",
  })
  sourceDefaults(@Root() row: Row): unknown {
    const { source } = row;
    if (!isObject(source)) return null;
    return Object.fromEntries(OVERRIDABLE.map((field) => [field, partOf(field)[1](membersOf(source)[field])]));
  }
}

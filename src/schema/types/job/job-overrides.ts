import { Ctx, Extensions, Field, FieldResolver, Float, ObjectType, registerEnumType, Resolver, Root } from "type-graphql";
import { OVERRIDABLE, type OverridableField } from "../../../changes/index.ts";
import { snakeCase } from "../../../entities/mapping/case.ts";
import { Job } from "../../../entities/index.ts";
import { shapeOf } from "../../../entities/mapping/shape.ts";
import type { Context } from "../../context.ts";
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
  description: "A field of a job that follows the job's source until it is overridden.",
  valuesConfig: Object.fromEntries(
    Object.keys(JobOverridableField).map((name) => [
      name,
      { description: (JOB.columns.get(name) ?? JOB.one.get(name) ?? JOB.many.get(name))!.description },
    ]),
  ),
});

/** What a job's source says of what can be overridden. */
@ObjectType("JobSourceDefaultsType", {
  description: "What a job's source says of each field that can be overridden: what a field reverts to.",
})
// oxlint-disable-next-line typescript/no-extraneous-class -- a type is a class to type-graphql; its fields are added below
export class JobSourceDefaults {}

const TYPES: Partial<Record<OverridableField, unknown>> = {
  grouping: String,
  name: String,
  description: String,
  softTimeLimit: Float,
  timeLimit: Float,
  defaultJobQueue: String,
  jobQueues: [String],
};
for (const field of OVERRIDABLE)
  Field(() => (TYPES[field] ?? Boolean) as never, { description: `\`${snakeCase(field)}\` as the job's source has it.` })(
    JobSourceDefaults.prototype,
    field,
  );

/** What is overridden of a job, and what its source says. */
@Resolver(() => Job)
export class JobOverridesResolver {
  @Extensions({ needs: FLAGS } satisfies ComputedField)
  @FieldResolver(() => [JobOverridableField], { description: "The fields that are overridden now." })
  overrides(@Root() row: Row): OverridableField[] {
    return OVERRIDABLE.filter((field) => row[`${snakeCase(field)}_override`]);
  }

  @Extensions({ needs: ["source"] } satisfies ComputedField)
  @FieldResolver(() => JobSourceDefaults, {
    nullable: true,
    description: "What the job's source says of each field that can be overridden; null until a source of it was found.",
  })
  sourceDefaults(@Root() row: Row, @Ctx() { database }: Context): unknown {
    return database.readJson(row["source"]);
  }
}

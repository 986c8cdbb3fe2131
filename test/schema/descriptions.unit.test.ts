import { isEnumType, isInputObjectType, isIntrospectionType, isObjectType, isSpecifiedScalarType } from "graphql";
import { expect, test } from "vitest";
import { createSchema } from "../../src/schema/index.ts";

/** `a` before a vowel, and `an` before a consonant, by how words of ours are spoken: "a one-off", "an hour". */
const WRONG_ARTICLE = /\ba (?!one\b|once\b)[aeio]|\ban (?!hour\b)[b-df-hj-np-tv-z]/i;

test("every type, field, argument and value of the schema has a description", () => {
  const silent: string[] = [];
  const ungrammatical: string[] = [];
  const check = (place: string, { description }: { description?: string | null | undefined }) => {
    if (!description) silent.push(place);
    else if (WRONG_ARTICLE.test(description)) ungrammatical.push(`${place}: ${description}`);
  };
  const customFields = [{ model: "job", key: "since", kind: "date" }] as const;
  for (const type of Object.values(createSchema(customFields).getTypeMap())) {
    if (isIntrospectionType(type) || isSpecifiedScalarType(type)) continue;
    if (!["Mutation", "Query", "Subscription"].includes(type.name)) check(type.name, type);
    if (isEnumType(type)) for (const value of type.getValues()) check(`${type.name}.${value.name}`, value);
    if (isInputObjectType(type)) for (const field of Object.values(type.getFields())) check(`${type.name}.${field.name}`, field);
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      check(`${type.name}.${field.name}`, field);
      for (const argument of field.args) check(`${type.name}.${field.name}(${argument.name})`, argument);
    }
  }
  expect(silent).toEqual([]);
  expect(ungrammatical).toEqual([]);
});

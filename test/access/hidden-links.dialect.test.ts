import { isInputObjectType, isListType, getNullableType, getNamedType } from "graphql";
import { expect, test } from "vitest";
import { ACTIONS } from "../../src/access/rights.ts";
import { contentTypeLabel } from "../../src/entities/content-types.ts";
import { ApprovalWorkflowDefinition, ContentType, Job, MODELS } from "../../src/entities/index.ts";
import { type ModelShape, shapeOf } from "../../src/entities/mapping/shape.ts";
import { NOBODY } from "../../src/entities/new-id.ts";
import { createSchema } from "../../src/schema/index.ts";
import { openTestApp } from "../support/app.ts";
import { EXAMPLES, storeWorld } from "../support/approvals/world.ts";
import { grant } from "../support/grants.ts";
import { createPerson } from "../support/people.ts";
import { databaseOf } from "../support/rows.ts";

const mutations = createSchema().getMutationType()!.getFields();

/** Lists of other objects that a mutation replaces, by metadata. */
const LISTS = MODELS.map((model) => shapeOf(model)).flatMap((shape) => {
  const data = mutations[`update_${shape.table}`]?.args.find(({ name }) => name === "data");
  const input = data && getNamedType(data.type);
  if (!isInputObjectType(input)) return [];
  const lists = Object.values(input.getFields()).filter(({ type }) => isListType(getNullableType(type)));
  return lists.flatMap(({ name }) => {
    const target = shape.many.get(name)?.target();
    return target ? [{ shape, list: name, input: input.name, target: shapeOf(target) }] : [];
  });
});

const nameOf = ({ model }: ModelShape) => (model as { name: string }).name;

test("there are lists that mutations replace", () => {
  expect(LISTS.map(({ shape, list }) => `${nameOf(shape)}.${list}`)).toEqual(
    expect.arrayContaining(["Group.users", "ObjectPermission.groups", "Job.job_queues", "JobHook.content_types"]),
  );
});

test.each(LISTS.map((one) => [`${nameOf(one.shape)}.${one.list}`, one] as const))(
  "nobody takes from %s what they do not see",
  async (_, { shape, list, input, target }) => {
    const app = await openTestApp({});
    const database = await databaseOf(app);
    const world = await storeWorld(database);
    // Objects that their own rules let be changed.
    const em = database.fork();
    await em.nativeUpdate(Job, {}, { isJobHookReceiver: true, isJobButtonReceiver: true });
    const modelContentType = await em.findOneOrFail(ContentType, { label: "extras.scheduledjob" });
    await em.nativeUpdate(ApprovalWorkflowDefinition, {}, { modelContentType, modelConstraints: null });
    const id = world[EXAMPLES[nameOf(shape)]!];
    const person = await createPerson(app, { username: "sees-others" }, []);
    const labels = MODELS.map(contentTypeLabel);
    const hidden = contentTypeLabel(target.model as { name: string });
    await grant(
      app,
      "sees-others",
      labels.filter((label) => label !== hidden),
      ACTIONS,
    );
    await grant(app, "sees-others", [hidden], ACTIONS, { id: NOBODY });
    // Whoever hands out rights has them for all objects.
    await grant(
      app,
      "sees-others",
      [hidden],
      ACTIONS.filter((action) => action !== "view"),
    );
    const read = async () =>
      ((await app.client.query<string>(`query ($id: ID!) { one: ${shape.table}(id: $id) { ${list} { id } } }`, { id })) as any)
        .one[list];
    const before = await read();
    expect(before).not.toEqual([]);
    const change = `mutation ($id: ID!, $data: ${input}!) { update_${shape.table}(id: $id, data: $data) { id } }`;
    const answer = await person.client.query<string>(change, { id, data: { [list]: [] } }).then(
      () => "done",
      (error: Error) => error.message,
    );
    expect([answer, await read()]).toEqual(["done", before]);
  },
);

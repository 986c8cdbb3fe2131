import type { GraphQLResolveInfo } from "graphql";
import {
  Arg,
  Args,
  ArgsType,
  Ctx,
  Extensions,
  Field,
  FieldResolver,
  Info,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
} from "type-graphql";
import { ButtonClass } from "../../../entities/choices.ts";
import { JobButton, JobResult } from "../../../entities/index.ts";
import { GenericScalar, ID } from "../../../entities/mapping/scalars.ts";
import { shapeOf } from "../../../entities/mapping/shape.ts";
import type { ButtonGroup, RenderedButton } from "../../../runner/index.ts";
import type { Context } from "../../context.ts";
import type { SizedField } from "../../reading/list-arguments.ts";
import type { Row } from "../../reading/list.ts";
import { modelMutations } from "../../model/model-mutations.ts";
import { namedResolver } from "../../model/named-resolver.ts";
import { readChanged } from "../../model/read-changed.ts";

const JOB_RESULT = shapeOf(JobResult);

/** A button on an object's page. */
@ObjectType("RenderedJobButtonType", { description: "A button, rendered for one object." })
class RenderedJobButton implements RenderedButton {
  buttonId!: string;

  @Field(() => String, { nullable: true, description: "The text of the button; null after an error." })
  text!: string | null;

  @Field(() => String, { nullable: true, description: "The error of the text. A page shows such a button as disabled." })
  error!: string | null;
}

/** Buttons that belong together on an object's page. */
@ObjectType("JobButtonGroupType", {
  description: "The rendered buttons of one group, or of no group.",
})
class JobButtonGroup implements ButtonGroup {
  @Field(() => String, { description: "Name of the group; empty for no group." })
  groupName!: string;

  @Field(() => ButtonClass, { description: "The look of the group's menu, which is that of its lightest button." })
  buttonClass!: ButtonClass;

  @Extensions({ sizedBy: JobButton } satisfies SizedField)
  @Field(() => [RenderedJobButton], { description: "The buttons, lightest first." })
  buttons!: RenderedJobButton[];
}

@ArgsType()
class PressJobButtonArgs {
  @Field(() => ID, { description: "Primary key of the button." })
  id!: string;

  @Field(() => String, { description: "Kind of the object, `app_label.model`, e.g. `dcim.device`." })
  objectType!: string;

  @Field(() => ID, { description: "Primary key of the object." })
  objectId!: string;

  @Field(() => GenericScalar, {
    nullable: true,
    description: "The object, as its application has it. For an object of this server, the server reads the object instead.",
  })
  object?: unknown;
}

/** Job buttons. */
@Resolver(() => JobButton)
export class JobButtonResolver extends namedResolver(JobButton, { one: "job_button", many: "job_buttons" }) {
  @Extensions({ sizedBy: JobButton } satisfies SizedField)
  @Query(() => [JobButtonGroup], {
    description:
      "The buttons of an object's page, rendered for the object, in groups and by weight. Disabled buttons, buttons whose job cannot run or that you may not run, and buttons without text are left out.",
  })
  jobButtonsFor(
    @Arg("objectType", () => String, { description: "Kind of the object, `app_label.model`, e.g. `dcim.device`." })
    objectType: string,
    @Arg("object", () => GenericScalar, {
      description: "The object, which templates name `obj`. For an object of this server, its `id` is enough.",
    })
    object: unknown,
    @Ctx() { runner, viewer }: Context,
  ): Promise<ButtonGroup[]> {
    return runner.buttonsFor(objectType, object, viewer);
  }

  @Mutation(() => JobResult, { description: "Runs the job of a button for an object. Answers as soon as the run is recorded." })
  async pressJobButton(
    @Args(() => PressJobButtonArgs) { id: buttonId, ...press }: PressJobButtonArgs,
    @Ctx() { reader, runner, viewer }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    const id = await runner.pressButton({ buttonId, ...press, by: viewer });
    return readChanged(reader, info, JOB_RESULT, id);
  }
}

/** A button on an object's page. */
@Resolver(() => RenderedJobButton)
export class RenderedJobButtonResolver {
  @FieldResolver(() => JobButton, { description: "The button." })
  jobButton(
    @Root() { buttonId }: RenderedJobButton,
    @Ctx() { relations }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row | null> | null {
    return relations.one(JobButton, buttonId, info);
  }
}

/** Buttons: to create, to change, to delete. */
@Resolver()
export class JobButtonMutations extends modelMutations(JobButton, {
  create: ["name", "text", "job", "content_types", "enabled", "weight", "group_name", "button_class", "confirmation"],
}) {}

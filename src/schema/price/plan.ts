import {
  type DocumentNode,
  type FieldNode,
  getNamedType,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  SchemaMetaFieldDef,
  type SelectionNode,
  type SelectionSetNode,
  TypeMetaFieldDef,
  valueFromASTUntyped,
} from "graphql";
import { MODELS } from "../../entities/index.ts";
import { shapeOf, tableOf } from "../../entities/mapping/shape.ts";
import { valuesOf } from "../reading/condition.ts";
import type { ListField, SizedField } from "../reading/list-arguments.ts";
import { fragmentsOf, isIncluded, mergeSelections } from "../document/merge-selections.ts";
import { countIntrospection } from "./introspection.ts";
import { type Extra, scanCost } from "./scans.ts";
import {
  around,
  type Count,
  type Level,
  type ListSize,
  type Scale,
  type Step,
  toAll,
  toFew,
  toLinked,
  toMany,
  toOne,
  toOwn,
  toOwned,
  toPage,
} from "./levels.ts";

/** The selection of the objects at one place, each field once under each of its names. */
export interface Plan {
  /** Fields of each object. */
  values: number;
  /** Those that lead to other objects. */
  below: readonly Below[];
  /** True where it has the number of all objects of a connection, `total_count`. */
  isCounted: boolean;
}

interface Below {
  step: Step;
  plan: Plan;
  /** The cost of finding them, besides the statement. */
  extra: Extra | undefined;
}

/** A plan, and whether `@skip` and `@include` took part in it: then it holds for the same variables alone. */
export interface DrawnPlan {
  plan: Plan;
  isConditional: boolean;
}

/** A value of the schema takes half the time that one of a row takes: nothing is read for it. */
const SCHEMA_SHARE = 0.5;

/** Objects in one event of a subscription. */
const EVENT_OBJECTS = 500;

/** Tables of the types of rows. */
const TABLES: ReadonlyMap<string, string> = new Map(MODELS.map((model) => [`${model.name}Type`, tableOf(model)]));

/**
 * Makes plans of operations of a schema: drawn once, they are measured again and again.
 * @returns a function whose last parameter is how many values of introspection are counted: beyond them it is enough to know that there are more.
 */
export function createPlanner(schema: GraphQLSchema) {
  return (document: DocumentNode, operation: OperationDefinitionNode, variables: Scale["variables"], most: number): DrawnPlan => {
    const fragments = fragmentsOf(document);
    const rootType = schema.getRootType(operation.operation)!;
    let isConditional = false;
    const enter = (selection: SelectionNode) => {
      if (!selection.directives || selection.directives.length === 0) return true;
      isConditional = true;
      return isIncluded(selection, variables);
    };

    function draw(type: GraphQLNamedType, sets: readonly SelectionSetNode[]): Plan {
      const merged = mergeSelections(sets, fragments, enter);
      const below: Below[] = [];
      for (const [node, ...more] of merged.values()) {
        const inner = [node!, ...more].flatMap(({ selectionSet }) => selectionSet ?? []);
        const roots = type === schema.getQueryType() ? introspected(node!) : undefined;
        if (roots) {
          const merge = (of: readonly SelectionSetNode[]) => mergeSelections(of, fragments, enter);
          const values = SCHEMA_SHARE * countIntrospection(schema, roots, inner, merge, most / SCHEMA_SHARE);
          below.push({ step: toFew(1), plan: { values, below: [], isCounted: false }, extra: undefined });
          continue;
        }
        const field = inner.length > 0 && isObjectType(type) ? type.getFields()[node!.name.value] : undefined;
        if (!field) continue;
        const plan = draw(getNamedType(field.type), inner);
        below.push({ step: stepOf(type, field, node!), plan, extra: extraOf(type, field, node!, plan) });
      }
      return { values: merged.size, below, isCounted: [...merged.values()].some(([node]) => node!.name.value === "total_count") };
    }

    /** The parts of the schema that `__schema` or `__type` leads to; undefined for another field. */
    function introspected({ name, arguments: args = [] }: FieldNode) {
      if (name.value === SchemaMetaFieldDef.name) return [schema];
      if (name.value !== TypeMetaFieldDef.name) return undefined;
      const asked = args[0]?.value;
      if (asked?.kind === Kind.VARIABLE) isConditional = true;
      const found = asked && schema.getType(String(valueFromASTUntyped(asked, variables)));
      return found ? [found] : [];
    }

    function stepOf(type: GraphQLNamedType, field: GraphQLField<unknown, unknown>, node: FieldNode): Step {
      const { listOf, as, via, sizedBy } = (field.extensions ?? {}) as Partial<ListField & SizedField>;
      const isList = isListType(isNonNullType(field.type) ? field.type.ofType : field.type);
      if (operation.operation === OperationTypeNode.SUBSCRIPTION && type === rootType) return toFew(isList ? EVENT_OBJECTS : 1);
      if (listOf) {
        const size = sizeOf(node, shapeOf(listOf).table, as!);
        const step = !via ? toAll(size) : via.through ? toLinked(size, via.through) : toMany(size);
        return isList ? step : around(step);
      }
      if (!isList) return TABLES.has(type.name) ? toOne : toOwn;
      if (typeof sizedBy === "object" || typeof sizedBy === "function") return toOwned(({ rowsOf }) => rowsOf(tableOf(sizedBy)));
      const few = toFew(sizedBy);
      return (above, scale) => (above.page ? toPage : few)(above, scale);
    }

    function extraOf(
      type: GraphQLNamedType,
      { extensions }: GraphQLField<unknown, unknown>,
      node: FieldNode,
      { isCounted }: Plan,
    ): Extra | undefined {
      const { listOf, as, via } = extensions as Partial<ListField>;
      // Subscriptions look at new rows, and mutations at the rows that they change.
      if (!listOf || as === "filters") return undefined;
      return scanCost({ node, listOf, via, ownerTable: via && TABLES.get(type.name), isCounted });
    }

    return { plan: draw(rootType, [operation.selectionSet]), isConditional };
  };
}

/** Cost of a field that leads to objects, besides theirs: that of a statement. */
const STEP_COST = 50;

/** Returns the cost of a plan: the most fields of objects that its answer can have, and something for each way to them. */
export function measurePlan({ values, below }: Plan, level: Level, scale: Scale): number {
  let cost = level.objects * values;
  for (const { step, plan, extra } of below)
    cost += STEP_COST + (extra?.(level, scale) ?? 0) + measurePlan(plan, step(level, scale), scale);
  return cost;
}

const NUMBERS: Record<ListField["as"], readonly string[]> = { list: ["limit"], connection: ["first", "last"], filters: [] };

function sizeOf({ arguments: args = [] }: FieldNode, table: string, as: ListField["as"]): ListSize {
  const valueOf = (name: string) => args.find((argument) => argument.name.value === name)?.value;
  const numbers = NUMBERS[as].flatMap((name) => valueOf(name) ?? []);
  const limit: Count = (variables) => {
    for (const node of numbers) {
      const value: unknown = valueFromASTUntyped(node, variables);
      if (typeof value === "number") return value;
    }
    return undefined;
  };
  const id = valueOf("id");
  // Without any it filters nothing.
  const ids: Count = (variables) => (id && valuesOf(valueFromASTUntyped(id, variables)).length) || undefined;
  return { table, limit, ids };
}

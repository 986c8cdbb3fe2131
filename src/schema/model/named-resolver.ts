import { Extensions, FieldResolver, Resolver, Root } from "type-graphql";
import { contentTypeLabel } from "../../entities/content-types.ts";
import { shapeOf } from "../../entities/mapping/shape.ts";
import type { Row } from "../reading/list.ts";
import { modelResolver } from "./model-resolver.ts";
import { compositeKey, naturalSlug } from "./natural-key.ts";
import type { ComputedField } from "../reading/selection.ts";

/** Names of a model's queries, and of its objects. */
interface Naming {
  /** Query for one object. */
  one: string;
  /** Query for a list; also part of `url`. */
  many: string;
  /** Columns that name an object among all of its model; the model's `naturalKey`, or else `id`. */
  key?: readonly string[];
  /** Name of an object for people; the first column of the key when absent. */
  display?: ComputedField & { of: (row: Row) => string };
}

type ModelClass = Parameters<typeof modelResolver>[0];

/** {@link modelResolver} with the names that every Nautobot object has: `url`, `display`, `natural_slug`, `composite_key`. */
export function namedResolver(model: ModelClass, { one, many, key = keyOf(model), display = displayOf(key) }: Naming) {
  const [appLabel] = contentTypeLabel(model).split(".");
  const path = `/${appLabel}/${many.replaceAll("_", "-")}/`;
  const keyValues = (row: Row) => key.map((column) => row[column]);

  @Resolver(() => model as never)
  abstract class NamedResolver extends modelResolver(model, { one, many }) {
    @FieldResolver(() => String, { nullable: true, description: "Path of the object, below the server's address." })
    url(@Root() row: Row): string {
      return `${path}${row.id}/`;
    }

    @Extensions({ needs: display.needs } satisfies ComputedField)
    @FieldResolver(() => String, { description: "Name of the object for people." })
    display(@Root() row: Row): string {
      return display.of(row);
    }

    @Extensions({ needs: key } satisfies ComputedField)
    @FieldResolver(() => String, {
      description: "Unique key of the object in its type: the parts of its natural key, joined by `;`.",
    })
    compositeKey(@Root() row: Row): string {
      return compositeKey(keyValues(row));
    }

    @Extensions({ needs: key } satisfies ComputedField)
    @FieldResolver(() => String, {
      description: "A readable name for files and URLs. It is not reversible, and not quite unique.",
    })
    naturalSlug(@Root() row: Row): string {
      return naturalSlug(keyValues(row), row.id);
    }
  }
  return NamedResolver;
}

function keyOf(model: ModelClass): readonly string[] {
  return [shapeOf(model).naturalKey ?? "id"];
}

function displayOf([column]: readonly string[]): NonNullable<Naming["display"]> {
  return { needs: [column!], of: (row) => String(row[column!]) };
}

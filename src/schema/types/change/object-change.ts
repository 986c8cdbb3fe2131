import { Extensions, FieldResolver, Resolver, Root } from "type-graphql";
import { differencesOf } from "../../../changes/index.ts";
import { isObject } from "../../../entities/json-members.ts";
import { ObjectChange } from "../../../entities/index.ts";
import type { Snapshot } from "../../../entities/models/object-change.ts";
import { GenericScalar } from "../../../entities/mapping/scalars.ts";
import type { Row } from "../../reading/list.ts";
import { namedResolver } from "../../model/named-resolver.ts";
import type { ComputedField } from "../../reading/selection.ts";

type Data = Snapshot | null;

/** A snapshot of a row; null for JSON that is none. */
const snapshotOf = (json: unknown): Data => (isObject(json) ? json : null);

/** The object after the change; null when it was deleted. */
const postchangeOf = (row: Row) => (row["action"] === "DELETE" ? null : snapshotOf(row["object_data_v2"]));

/** The change log. */
@Resolver(() => ObjectChange)
export class ObjectChangeResolver extends namedResolver(ObjectChange, {
  one: "object_change",
  many: "object_changes",
  display: {
    needs: ["object_repr", "action", "user_name"],
    of: (row) => `${row["object_repr"]} ${String(row["action"]).toLowerCase()}d by ${row["user_name"]}`,
  },
}) {
  @Extensions({ needs: ["object_data_v2"] } satisfies ComputedField)
  @FieldResolver(() => GenericScalar, {
    nullable: true,
    description: "The same as `object_data_v2`, with ids instead of references, for older clients.",
  })
  objectData(@Root() row: Row): unknown {
    const data = snapshotOf(row["object_data_v2"]);
    return data && Object.fromEntries(Object.entries(data).map(([name, value]) => [name, withIds(value)]));
  }

  @Extensions({ needs: ["object_data_v2", "action"] } satisfies ComputedField)
  @FieldResolver(() => GenericScalar, { nullable: true, description: "The object after the change; null when it was deleted." })
  postchange(@Root() row: Row): unknown {
    return postchangeOf(row);
  }

  @Extensions({ needs: ["object_data_v2", "prechange", "action"] } satisfies ComputedField)
  @FieldResolver(() => GenericScalar, {
    description: "The differences of the object: `removed` and `added`, with the old and the new values of changed fields.",
  })
  differences(@Root() row: Row): unknown {
    return differencesOf(snapshotOf(row["prechange"]), postchangeOf(row));
  }
}

function withIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withIds);
  const isReference = typeof value === "object" && value !== null && "id" in value && "object_type" in value;
  return isReference ? value.id : value;
}

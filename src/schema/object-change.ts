import { Resolver } from "type-graphql";
import { ObjectChange } from "../entities/index.ts";
import { namedResolver } from "./named-resolver.ts";

/** What happened to objects. */
@Resolver(() => ObjectChange)
export class ObjectChangeResolver extends namedResolver(ObjectChange, {
  one: "object_change",
  many: "object_changes",
  display: {
    needs: ["object_repr", "action", "user_name"],
    of: (row) => `${row["object_repr"]} ${String(row["action"]).toLowerCase()}d by ${row["user_name"]}`,
  },
}) {}

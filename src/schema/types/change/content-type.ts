import { Resolver } from "type-graphql";
import { ContentType } from "../../../entities/index.ts";
import { namedResolver } from "../../model/named-resolver.ts";

/** Kinds of objects. */
@Resolver(() => ContentType)
export class ContentTypeResolver extends namedResolver(ContentType, {
  one: "content_type",
  many: "content_types",
  key: ["app_label", "model"],
  display: { needs: ["app_label", "model"], of: (row) => `${row["app_label"]} | ${row["model"]}` },
}) {}

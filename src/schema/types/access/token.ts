import { Resolver } from "type-graphql";
import { Token } from "../../../entities/index.ts";
import { namedResolver } from "../../model/named-resolver.ts";

/** Keys of users, without the keys themselves. */
@Resolver(() => Token)
export class TokenResolver extends namedResolver(Token, {
  one: "token",
  many: "tokens",
  display: { needs: ["description"], of: (row) => String(row["description"]) },
}) {}

import { Resolver } from "type-graphql";
import { FileProxy } from "../entities/index.ts";
import { namedResolver } from "./named-resolver.ts";

/** Files that runs produced. */
@Resolver(() => FileProxy)
export class FileProxyResolver extends namedResolver(FileProxy, {
  one: "file_proxy",
  many: "file_proxies",
  display: { needs: ["name"], of: (row) => row["name"] as string },
}) {}

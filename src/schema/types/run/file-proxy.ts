import { FieldResolver, Resolver, Root } from "type-graphql";
import { FileProxy } from "../../../entities/index.ts";
import { downloadPath } from "./download-path.ts";
import type { Row } from "../../reading/list.ts";
import { namedResolver } from "../../model/named-resolver.ts";

/** Files that runs produced. */
@Resolver(() => FileProxy)
export class FileProxyResolver extends namedResolver(FileProxy, {
  one: "file_proxy",
  many: "file_proxies",
  display: { needs: ["name"], of: (row) => row["name"] as string },
}) {
  @FieldResolver(() => String, {
    description: "Path of the file's content, below the server's address. The request needs a key.",
  })
  downloadUrl(@Root() row: Row): string {
    return downloadPath(row.id);
  }
}

import { Resolver } from "type-graphql";
import { GitRepository } from "../../../entities/index.ts";
import { namedResolver } from "../../model/named-resolver.ts";

/** Git repositories that jobs come from. */
@Resolver(() => GitRepository)
export class GitRepositoryResolver extends namedResolver(GitRepository, { one: "git_repository", many: "git_repositories" }) {}

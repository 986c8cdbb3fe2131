import { ApolloServer, type ApolloServerOptionsWithGateway, type ApolloServerPlugin, HeaderMap } from "@apollo/server";
import { ApolloServerPluginCacheControlDisabled } from "@apollo/server/plugin/disabled";
import { type ExecutionResult, GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from "graphql";
import type { IncomingHttpHeaders } from "node:http";
import { LRUCache } from "lru-cache";
import type { Context } from "../schema/context.ts";
import type { ReadDocument } from "../schema/document/document-reader.ts";
import type { FormatError } from "../schema/execution/error-format.ts";
import type { Executor } from "../schema/execution/execute.ts";
import { newWork } from "../schema/execution/slices.ts";
import { writeJson } from "../schema/execution/write-json.ts";
import type { AskedOver, TextOf } from "./known-documents.ts";

/** The `contextValue` that a plugin sees: the context of the resolvers. */
export interface PluginContext extends Context {
  /** The answer, if the operation was executed before Apollo Server saw the request. */
  answered?: ExecutionResult | undefined;
}

/** A plugin of Apollo Server. Its `willResolveField` must be there from the first operation on: operations are compiled once. */
export type Plugin = ApolloServerPlugin<PluginContext>;

/** Dependencies of {@link openApollo}. */
export interface ApolloDeps {
  schema: GraphQLSchema;
  executor: Executor;
  /** Has taken each text that Apollo Server is given, for the same user. */
  readDocument: ReadDocument;
  formatError: FormatError;
  plugins: readonly Plugin[];
}

/** Characters of the documents that clients have registered by their hashes, together. */
const REGISTERED_CHARACTERS = 30 * 1024 * 1024;

/** Apollo Server, around an executor of ours. */
export interface Apollo {
  /** Executes valid queries and mutations that do not come as plain HTTP, in sight of the plugins. Its errors are formatted. */
  readonly executor: Executor;
  /** Returns the answer to a request: status, headers and errors are Apollo Server's. */
  answer(
    asked: AskedOver,
    context: PluginContext,
    headers: IncomingHttpHeaders,
  ): Promise<{ status: number; headers: Record<string, string>; body: string }>;
  /** Returns the text of a document that a client has registered by its hash, as Apollo Server lets them. */
  registered: TextOf;
  stop(): Promise<void>;
}

/** Starts Apollo Server. */
export async function openApollo({ schema, executor, readDocument, formatError, plugins }: ApolloDeps): Promise<Apollo> {
  const registered = new LRUCache<string, string>({
    maxSize: REGISTERED_CHARACTERS,
    sizeCalculation: (text) => text.length + 1,
  });
  const apollo = new ApolloServer<PluginContext>({
    gateway: localGateway(schema, executor),
    introspection: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    documentStore: null,
    persistedQueries: {
      cache: {
        get: async (key) => registered.get(key),
        set: async (key, text) => void registered.set(key, text),
        delete: async (key) => registered.delete(key),
      },
    },
    formatError: (formatted, error) => {
      const ours = formatError(error);
      // Apollo knows better which kind of request error it met.
      return ours.extensions?.["code"] === "GRAPHQL_VALIDATION_FAILED" ? { ...formatted, message: ours.message } : ours;
    },
    // Apollo does not say whose answer it is: those that are long take turns as if they were one user's.
    stringifyResult: async (result) => `${(await writeJson(result, newWork(""))).join("")}\n`,
    plugins: [ApolloServerPluginCacheControlDisabled(), ourDocuments(readDocument), ...plugins],
  });
  await apollo.start();
  return {
    executor: {
      async execute({ document, operationName, variableValues, contextValue }) {
        const request = {
          query: document.loc!.source.body,
          operationName: operationName ?? undefined,
          variables: variableValues ?? undefined,
        };
        const { body } = await apollo.executeOperation(request, { contextValue: contextValue as Context });
        if (body.kind !== "single") throw new Error("unexpected chunked response");
        const { errors, ...result } = body.singleResult;
        return { ...result, ...(errors && { errors: errors.map(asError) }) } as ExecutionResult;
      },
    },
    async answer(asked, context, given) {
      const headers = new HeaderMap();
      for (const [name, value] of Object.entries(given))
        headers.set(name, Array.isArray(value) ? value.join(", ") : (value ?? ""));
      const answered = await apollo.executeHTTPGraphQLRequest({
        httpGraphQLRequest: { ...asked, headers },
        context: async () => context,
      });
      // Incremental delivery is not offered; Apollo answers in one piece.
      if (answered.body.kind !== "complete") throw new Error("unexpected chunked response");
      return { status: answered.status ?? 200, headers: Object.fromEntries(answered.headers), body: answered.body.string };
    },
    // The prefix is Apollo Server's.
    registered: (hash) => registered.get(`apq:${hash}`),
    stop: () => apollo.stop(),
  };
}

/** An error that was formatted, as one that formatting leaves as it is. */
const asError = ({ message, locations, path, extensions }: GraphQLFormattedError): GraphQLError =>
  Object.assign(new GraphQLError(message, { path, extensions }), { locations });

/** Apollo takes an executor of our own only from a gateway. With this one, everything but the execution stays Apollo's own. */
function localGateway(
  schema: GraphQLSchema,
  { execute }: Executor,
): NonNullable<ApolloServerOptionsWithGateway<PluginContext>["gateway"]> {
  return {
    async load() {
      return {
        executor: async ({ document, request, context }) =>
          context.answered ??
          execute({
            schema,
            document,
            contextValue: context,
            operationName: request.operationName ?? null,
            variableValues: request.variables ?? null,
          }),
      };
    },
    onSchemaLoadOrUpdate(use) {
      use({ apiSchema: schema, coreSupergraphSdl: "" });
      return () => undefined;
    },
    async stop() {},
  };
}

/** Gives Apollo the documents of the reader. Apollo parses and validates an invalid document by itself, and then shows the reader's errors. */
function ourDocuments(readDocument: ReadDocument): Plugin {
  return {
    async requestDidStart() {
      let wrong: readonly GraphQLError[] = [];
      return {
        async didResolveSource(request) {
          const found = readDocument(request.source, request.contextValue.viewer);
          if ("kind" in found) Object.assign(request, { document: found });
          else wrong = found;
        },
        async validationDidStart() {
          // The list that Apollo Server 5.5 hands on is the one that it answers with.
          return async (errors) => void (errors as Error[] | undefined)?.splice(0, Infinity, ...wrong);
        },
      };
    },
  };
}

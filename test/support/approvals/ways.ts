import { KEY, type TestApp } from "../app.ts";
import { post } from "../client.ts";
import { openEventStream } from "../event-stream.ts";
import { runToEnd } from "../runs.ts";

/** A request. */
interface Asked {
  query: string;
  variables?: Record<string, unknown>;
  extensions?: Record<string, unknown>;
}

/** Its outcome: as GraphQL answers, however it travels. */
interface Told {
  data?: any;
  errors?: { message: string; path?: unknown; extensions: { code: string } }[];
  extensions?: Record<string, unknown>;
}

/** Asks one operation, and gives its first answer. */
export type Way = (asked: Asked) => Promise<Told>;

/** The job through which {@link waysOf} sends operations. */
export const ASKING_JOB = {
  "asking.ts": `export const Ask = defineJob({ name: "Ask", enabled: true, variables: z.object({ query: z.string(), values: z.any().optional() }),
    run: ({ graphql, data }) => graphql(data.query, data.values).then((answer) => ({ data: answer }), ({ errors }) => ({ errors })) });`,
};

/** Every way in which an operation reaches the server; the app must have {@link ASKING_JOB}. */
export function waysOf({ url, client }: TestApp): Record<string, Way> {
  return {
    "HTTP, plain": async (asked) => (await post(url, KEY, asked)).body,
    "HTTP, by Apollo": async (asked) => (await post(url, KEY, { extensions: {}, ...asked })).body,
    "HTTP, with GET": async ({ query, variables = {}, extensions }) => {
      const search = new URLSearchParams({
        query,
        variables: JSON.stringify(variables),
        ...(extensions && { extensions: JSON.stringify(extensions) }),
      });
      const headers = { authorization: `Token ${KEY}`, "content-type": "application/json" };
      return (await fetch(`${url}/graphql?${String(search)}`, { headers })).json() as Promise<Told>;
    },
    "HTTP, long": async ({ query, ...rest }) =>
      (await post(url, KEY, { query: `${query}\n#${"x".repeat(20_000)}`, ...rest })).body,
    "event stream": async (asked) => {
      const stream = await openEventStream(url, KEY, asked);
      for await (const { event, data } of stream) {
        if (event !== "next") break;
        stream.cut();
        return JSON.parse(data);
      }
      return JSON.parse(stream.text());
    },
    socket: async (asked) => {
      const answers = client.ws.iterate(asked);
      try {
        const { value } = await answers.next();
        return value as Told;
      } catch (errors) {
        return { errors } as Told;
      } finally {
        await answers.return?.();
      }
    },
    job: async ({ query, variables }) => {
      const { result } = await runToEnd(client, "asking.Ask", { query, values: variables });
      return result as Told;
    },
  };
}

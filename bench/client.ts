import { Agent, request } from "node:http";
import { buffer } from "node:stream/consumers";
import type { IncomingMessage } from "node:http";

/** Talks GraphQL over one keep-alive connection: one of these is one client. */
export interface Client {
  /** Data of an operation. @throws Error with the answer when it failed. */
  query<T>(document: string, variables?: object): Promise<T>;
  /** Returns the answer to an operation as it came, for measurements: no time is spent on reading it. */
  answer(document: string, variables?: object): Promise<Buffer>;
  close(): void;
}

/** A client of the server at a URL. `node:http` and not `fetch`, which costs the load generator two to three times the processor time. */
export function createClient(url: string, key: string): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const headers = { "content-type": "application/json", authorization: `Token ${key}` };

  async function answer(document: string, variables: object = {}): Promise<Buffer> {
    const body = JSON.stringify({ query: document, variables });
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request(`${url}/graphql`, { method: "POST", agent, headers: { ...headers, "content-length": Buffer.byteLength(body) } })
        .once("response", resolve)
        .once("error", reject)
        .end(body);
    });
    return buffer(response);
  }

  return {
    answer,
    async query<T>(document: string, variables?: object) {
      const text = (await answer(document, variables)).toString("utf8");
      const { data, errors } = JSON.parse(text) as { data: T; errors?: unknown };
      if (errors) throw new Error(`${document}\nwas answered with ${text}`);
      return data;
    },
    close: () => agent.destroy(),
  };
}

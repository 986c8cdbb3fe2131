import { once } from "node:events";
import { request } from "node:http";

/** An event as it came. */
interface ServerEvent {
  event: string;
  data: string;
}

/** An answer as it came: its head, and its events while they come. */
export interface OpenedStream extends AsyncIterable<ServerEvent> {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** Everything so far, comments too. */
  text(): string;
  /** Cuts the connection. */
  cut(): void;
}

/** Asks for an operation as an event stream. */
export async function openEventStream(
  url: string,
  key: string | undefined,
  body: object | undefined,
  { method = "POST", path = "/graphql", headers = {} }: { method?: string; path?: string; headers?: Record<string, string> } = {},
): Promise<OpenedStream> {
  const sent = request(url + path, {
    method,
    headers: {
      accept: "text/event-stream",
      "content-type": "application/json",
      ...(key && { authorization: `Token ${key}` }),
      ...headers,
    },
  });
  sent.end(body && JSON.stringify(body));
  const [response] = await once(sent, "response");
  let text = "";
  response.setEncoding("utf8");
  const events = async function* (): AsyncGenerator<ServerEvent> {
    let rest = "";
    for await (const piece of response as AsyncIterable<string>) {
      text += piece;
      const blocks = (rest + piece).split("\n\n");
      rest = blocks.pop()!;
      for (const block of blocks) {
        const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
        if (event !== undefined) yield { event, data: data! };
      }
    }
  };
  return {
    status: response.statusCode,
    headers: response.headers,
    text: () => text,
    cut: () => sent.destroy(),
    [Symbol.asyncIterator]: events,
  };
}

/** All answers of an operation that ends by itself. */
export async function answersOf(url: string, key: string, body: object): Promise<any[]> {
  const answers: unknown[] = [];
  let completed = false;
  for await (const { event, data } of await openEventStream(url, key, body)) {
    if (event === "next") answers.push(JSON.parse(data));
    else completed = true;
  }
  if (!completed) throw new Error(`The stream was cut after ${JSON.stringify(answers)}`);
  return answers;
}

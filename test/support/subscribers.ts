import { onTestFinished } from "vitest";
import { createClient } from "./client.ts";
import { openEventStream } from "./event-stream.ts";

/** A subscriber. */
export interface Subscriber {
  /** Rows as they were told last, by id. */
  told: Map<string, any>;
  /** All that came, as text. */
  text(): string;
  /** Resolves to the reason of the end; not by itself. */
  ended: Promise<string>;
}

interface Taking extends Subscriber {
  take(answer: any): void;
}

function createSubscriber(field: string, ended: Promise<string>): Taking {
  const texts: string[] = [];
  const told = new Map<string, any>();
  return {
    told,
    ended,
    text: () => texts.join("\n"),
    take({ data, errors }) {
      texts.push(JSON.stringify(data ?? errors));
      if (errors) throw new Error(texts.at(-1));
      for (const row of [data[field]].flat()) told.set(row.id, row);
    },
  };
}

function overSocket(url: string, key: string, query: string, field: string): Subscriber {
  const client = createClient(url, key);
  onTestFinished(() => client.close());
  const { promise, resolve } = Promise.withResolvers<string>();
  const subscriber = createSubscriber(field, promise);
  client.ws.subscribe(
    { query },
    {
      next: subscriber.take,
      error: (why: any) => resolve(String(why?.code ?? JSON.stringify(why))),
      complete: () => resolve("complete"),
    },
  );
  return subscriber;
}

async function overEventStream(url: string, key: string, query: string, field: string): Promise<Subscriber> {
  const stream = await openEventStream(url, key, { query });
  onTestFinished(() => stream.cut());
  const { promise, resolve } = Promise.withResolvers<string>();
  const subscriber = createSubscriber(field, promise);
  void (async () => {
    for await (const { event, data } of stream)
      if (event === "next") subscriber.take(JSON.parse(data));
      else resolve(event);
  })().catch(({ code, message }) => resolve(code ?? message));
  return subscriber;
}

/** Subscribes over a socket and over an event stream, with connections of their own. @param field the field of the operation. */
export async function subscribeBothWays(
  url: string,
  key: string,
  query: string,
  field: string,
): Promise<[socket: Subscriber, stream: Subscriber]> {
  return [overSocket(url, key, query, field), await overEventStream(url, key, query, field)];
}

import WebSocket from "ws";
import { KEY } from "./server.ts";

/** A WebSocket on which subscriptions are opened. */
export interface Subscriber {
  /** Subscribes so many times to the same. */
  subscribe(times: number, query: string, variables: object): void;
  /** Is given all that the socket is sent, as it came. */
  onFrame: (frame: string) => void;
  close(): void;
}

/** Connects and authenticates. */
export async function openSubscriber(url: string): Promise<Subscriber> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/graphql`, "graphql-transport-ws", { perMessageDeflate: false });
  const send = (message: object) => socket.send(JSON.stringify(message));
  await new Promise<void>((resolve, reject) => {
    socket.once("open", () => send({ type: "connection_init", payload: { Authorization: `Token ${KEY}` } }));
    socket.once("message", () => resolve());
    socket.once("close", (code) => reject(new Error(`A socket of the bench was closed with ${code}.`)));
    socket.once("error", reject);
  });
  const subscriber: Subscriber = {
    subscribe(times, query, variables) {
      for (let id = 1; id <= times; id++) send({ id: String(id), type: "subscribe", payload: { query, variables } });
    },
    onFrame: () => undefined,
    close: () => socket.terminate(),
  };
  socket.on("message", (data: Buffer) => subscriber.onFrame(data.toString("latin1")));
  return subscriber;
}

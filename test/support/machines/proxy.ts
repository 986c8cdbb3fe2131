import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** Stands between a client and a server as networks do, and does to the connections what networks do. */
export interface Proxy {
  /** URL of the proxy, without a path. */
  readonly url: string;
  /** Connections of clients that are open. */
  readonly open: number;
  /** Connections that were asked to become WebSockets, refused ones included. */
  readonly upgrades: number;
  /** Connections that were cut for having carried enough. */
  readonly cuts: number;
  /** Leads new connections to another server. */
  leadTo(url: string): void;
  /** Answers new requests for a WebSocket with 403, as some proxies do, until told otherwise. */
  refuseUpgrades(refused?: boolean): void;
  /** Ends all open connections and accepts no others, as a server that is away, until told otherwise. */
  down(isDown?: boolean): void;
  /** Ends all open connections, as a cable that is pulled on a machine between. */
  cut(): void;
  /** Asked for each new connection with its first answer: after how many bytes to the client it is cut; undefined for never. */
  cutAfter(bytes: () => number | undefined): void;
  /** The open connections carry nothing more, in neither direction, and neither side is told. */
  freeze(): void;
}

/** A proxy that is closed when the test is over. */
export async function openProxy(target: string): Promise<Proxy> {
  const pairs = new Set<[Socket, Socket]>();
  const seen = { upgrades: 0, cuts: 0 };
  let to = new URL(target);
  let isRefusing = false;
  let isAway = false;
  let nextCut: () => number | undefined = () => undefined;

  const server = createServer((client) => {
    if (isAway) return void client.destroy();
    const upstream = connect(Number(to.port), to.hostname);
    const pair: [Socket, Socket] = [client, upstream];
    pairs.add(pair);
    client.on("error", () => client.destroy());
    client.on("close", () => {
      upstream.destroy();
      pairs.delete(pair);
    });
    upstream.on("error", () => client.destroy());
    // Bytes that were passed on before still arrive; a reset would take them back.
    upstream.on("close", () => client.end());
    client.on("data", (chunk) => {
      // Not only at first: a client may use a connection that has carried requests before.
      const isUpgrade = chunk.subarray(0, 4).toString() === "GET " && /^upgrade: *websocket/im.test(chunk.toString("latin1"));
      if (isUpgrade) seen.upgrades++;
      if (isUpgrade && isRefusing) client.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      else upstream.write(chunk);
    });
    let left: number | undefined;
    upstream.once("data", () => (left = nextCut()));
    upstream.on("data", (chunk) => {
      if (left !== undefined && chunk.length >= left) {
        client.end(chunk.subarray(0, left));
        seen.cuts++;
        upstream.destroy();
        return;
      }
      if (left !== undefined) left -= chunk.length;
      if (client.write(chunk)) return;
      upstream.pause();
      client.once("drain", () => upstream.resume());
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    for (const [client] of pairs) client.destroy();
  };
  onTestFinished(async () => {
    cut();
    server.close();
    await once(server, "close");
  });

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get open() {
      return pairs.size;
    },
    get upgrades() {
      return seen.upgrades;
    },
    get cuts() {
      return seen.cuts;
    },
    leadTo: (url) => void (to = new URL(url)),
    refuseUpgrades: (refused = true) => void (isRefusing = refused),
    down(isDown = true) {
      isAway = isDown;
      if (isDown) cut();
    },
    cut,
    cutAfter: (bytes) => void (nextCut = bytes),
    freeze() {
      for (const [client, upstream] of pairs) {
        client.removeAllListeners("data").pause();
        upstream.removeAllListeners("data").pause();
      }
    },
  };
}

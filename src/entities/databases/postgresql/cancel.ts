import { setTimeout as delay } from "node:timers/promises";
import { Connection, type PoolClient } from "pg";

/** Members of `pg`'s classes that its types leave out. */
interface Server {
  host: string;
  port: number;
  ssl: boolean | object;
  sslNegotiation: string;
  processID: number;
  secretKey: number;
  connection: { stream: { destroy(): void } };
}
interface CancelConnection {
  connect(port: number | string, host?: string): void;
  cancel(processID: number, secretKey: number): void;
  once(event: "connect" | "sslconnect" | "end", then: () => void): void;
  on(event: "error", then: (error: Error) => void): void;
}

/** Longest pause between two requests. */
const PAUSE_MS = 100;

/** Milliseconds that a canceled statement may go on before its connection is closed. */
const PATIENCE_MS = 5000;

/**
 * Cancels the statement that a client runs, until it has ended: a request that overtakes its statement has no effect.
 * @returns once no request is under way any more.
 */
export async function cancelStatement(client: PoolClient, hasEnded: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  for (let pause = 5; !hasEnded(); pause = Math.min(2 * pause, PAUSE_MS)) {
    await requestCancel(client as unknown as Server);
    if (hasEnded()) return;
    await delay(pause);
    if (performance.now() > end) return void (client as unknown as Server).connection.stream.destroy();
  }
}

/**
 * Passes a request on to the server, which takes it beyond its limit of connections. Never rejects: without a server, the client's own
 * connection is broken as well.
 */
async function requestCancel({ host, port, ssl, sslNegotiation, processID, secretKey }: Server): Promise<void> {
  const connection = new Connection({ ssl, sslNegotiation } as never) as unknown as CancelConnection;
  await new Promise<void>((resolve) => {
    connection.on("error", () => resolve());
    connection.once("end", resolve);
    connection.once(ssl ? "sslconnect" : "connect", () => connection.cancel(processID, secretKey));
    if (host.startsWith("/")) connection.connect(`${host}/.s.PGSQL.${port}`);
    else connection.connect(port, host);
  });
}

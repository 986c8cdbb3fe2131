import pino from "pino";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { Client } from "pg";
import { openDatabase } from "../../../../src/entities/database.ts";
import { createMemoryBroker } from "../../../../src/runner/messaging/brokers/memory.ts";
import { openSharedNotifier } from "../../../../src/runner/messaging/shared-notifier.ts";
import { brokerContract } from "../../../support/contracts/broker.ts";
import { sharedNotifierContract } from "../../../support/contracts/shared-notifier.ts";
import { freshDatabaseUrl } from "../../../support/database.ts";

const silent = pino({ level: "silent" });

async function setup(url?: string) {
  const database = await openDatabase((url ??= await freshDatabaseUrl()));
  onTestFinished(() => database.close());
  const observer = new Client(url);
  await observer.connect();
  onTestFinished(() => observer.end());
  return {
    openChannel: database.openChannel!,
    cut: async () =>
      void (await observer.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'jobgraph channel'`,
      )),
  };
}

describe("notifications over PostgreSQL", () => sharedNotifierContract(setup));

describe("a broker over PostgreSQL", () => {
  brokerContract(async () => {
    const { openChannel } = await setup();
    const notifier = await openSharedNotifier(openChannel, silent);
    onTestFinished(() => notifier.close());
    return createMemoryBroker(notifier);
  });
});

test("a channel that cannot be connected says so, and tries again until it is closed", async () => {
  const url = new URL(await freshDatabaseUrl());
  const { openChannel } = await setup(url.href);
  const failures: string[] = [];
  let gaps = 0;
  const admin = new Client(inject("postgresqlUrl"));
  await admin.connect();
  onTestFinished(() => admin.end());
  const name = url.pathname.slice(1);
  await admin.query(`alter database "${name}" allow_connections false`);
  const channel = await openChannel({
    onMessage: () => undefined,
    onGap: () => (gaps += 1),
    onFailure: ({ message }) => failures.push(message),
  });
  expect(failures).toEqual([`database "${name}" is not currently accepting connections`]);
  await expect(channel.send("nobody hears it")).rejects.toThrow("not connected");
  await admin.query(`alter database "${name}" allow_connections true`);
  await expect.poll(() => gaps).toBe(1);
  await channel.send("heard");
  await channel.close();
  await expect(channel.send("closed")).rejects.toThrow("not connected");
});

import fc from "fast-check";
import { pino } from "pino";
import { expect, inject, onTestFinished, test } from "vitest";
import { ALL_RIGHTS } from "../../../src/access/rights.ts";
import { createRandom } from "../../../src/cli/seed/random.ts";
import { ensureContentTypes } from "../../../src/entities/content-types.ts";
import { type Database, openDatabase } from "../../../src/entities/database.ts";
import { User } from "../../../src/entities/index.ts";
import { isoTime } from "../../../src/entities/times/timestamp.ts";
import { createMemoryBroker } from "../../../src/runner/messaging/brokers/memory.ts";
import { createCatalog } from "../../../src/runner/catalog/catalog.ts";
import { createVault } from "../../../src/runner/index.ts";
import { openSandbox } from "../../../src/runner/sandbox/host/cells.ts";
import { createScheduler } from "../../../src/runner/schedules/scheduler.ts";
import { createSchedule, updateSchedule } from "../../../src/runner/schedules/schedules.ts";
import { writeJobs } from "../../support/app.ts";
import { dueTimes } from "../../support/draws/cron-oracle.ts";
import { freshDatabaseUrl } from "../../support/database.ts";
import { sized } from "../../support/full.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const BEGIN = Date.parse("2026-01-01T00:00:00Z");
const END = BEGIN + 2 * 365 * DAY;
const ZONES = ["America/New_York", "Europe/Paris", "Australia/Lord_Howe", "Africa/Casablanca", "America/Havana"];
/** So many times in two years, for the test to be quick. */
const MOST = 50;

const author = (userId: string) =>
  ({ userId, username: "ada", rights: ALL_RIGHTS, requestId: userId, context: "WEB", detail: "" }) as const;

/** Three schedulers on one database, without anybody who carries out the runs. */
async function openThree() {
  const url = await freshDatabaseUrl();
  const open = async () => {
    const database = await openDatabase(url);
    onTestFinished(() => database.close());
    return database;
  };
  const first = await open();
  // Transactions of one process on SQLite go through one connection.
  const databases = inject("databaseUrl").startsWith("sqlite:") ? [first, first, first] : [first, await open(), await open()];
  await ensureContentTypes(first);
  const em = first.fork();
  const user = em.create(User, { username: "ada", isSuperuser: true }, { partial: true });
  await em.flush();
  const log = pino({ level: "silent" });
  const jobsRoot = await writeJobs({ "own.ts": `export const Plain = defineJob({ name: "Plain", enabled: true, run() {} });` });
  const isolated = {
    env: {},
    spares: 0,
    shared: 1,
    graceMs: 0,
    memoryLimitMb: 0,
    maxLines: 10_000_000,
    onOutput: () => undefined,
  };
  const sandbox = openSandbox("thread", isolated);
  onTestFinished(() => sandbox.close());
  const catalog = createCatalog({ database: first, sandbox, jobsRoot, systemJobsRoot: undefined, log });
  await catalog.refresh(author(user.id));
  const clock = { time: BEGIN, now: () => clock.time, wakeAt: () => () => undefined };
  const deps = (database: Database) => ({
    database,
    catalog,
    sandbox,
    clock,
    log,
    broker: createMemoryBroker(),
    timeLimits: { softMs: 1000, hardMs: 2000 },
    idempotencyTtlMs: DAY,
    vault: createVault("a secret"),
    changed: async () => undefined,
  });
  const all = databases.map(deps);
  return { all, clock, user: user.id, database: first };
}

const known = new Map<string, readonly number[]>();

function crontabTimesOf(text: string, timeZone: string): readonly number[] {
  const key = `${text} ${timeZone}`;
  if (!known.has(key)) known.set(key, dueTimes(text, timeZone, BEGIN, END) ?? []);
  return known.get(key)!;
}

const field = (...values: string[]) => fc.constantFrom(...values);
const minutes = field("0", "30", "15,45", "*/20", "7");
const crontab = fc
  .oneof(
    fc.tuple(
      minutes,
      field("*", "0", "2", "*/6", "23"),
      field("*", "8", "25-31", "29"),
      field("*", "3", "2,4"),
      field("*", "6,0", "1-5"),
    ),
    // The days on which clocks are changed.
    fc.tuple(minutes, field("*", "2", "1,2", "0-3"), field("1-8", "22-28", "25-31"), field("2,3", "4", "3,11", "10"), field("0")),
  )
  .map((fields) => fields.join(" "))
  .filter((text) => dueTimes(text, "UTC", BEGIN, END, MOST) !== undefined);
const zone = fc.constantFrom(...ZONES);
const catchUp = fc.constantFrom("ALL", "ONE", "SKIP");
const event = fc.record({
  // Odd milliseconds: nothing is due just then.
  time: fc.integer({ min: BEGIN + HOUR, max: END - 30 * DAY }).map((time) => time - (time % 1000) + 333),
  kind: fc.constantFrom("down", "edit", "edit", "just", "pause", "restart", "restart"),
  which: fc.nat(ZONES.length - 1),
  crontab,
  zone,
  days: fc.integer({ min: 1, max: 20 }),
});

/** Expectations of a schedule, as far as they are known by now. */
interface Expected {
  id: string;
  catchUp: "ALL" | "ONE" | "SKIP";
  crontab: string;
  zone: string;
  /** Since when it is as it is. */
  since: number;
  isOn: boolean;
  times: number[];
}

test("over two years of five zones, with restarts, edits, pauses and downtimes, each tick has one run", async () => {
  const { all, clock, user, database } = await openThree();
  let round = 0;
  let ticks = 0;

  async function live(
    starts: readonly { crontab: string; catchUp: Expected["catchUp"] }[],
    events: readonly { time: number; kind: string; which: number; crontab: string; zone: string; days: number }[],
    seed: number,
  ): Promise<void> {
    const random = createRandom(seed);
    const schedulers = all.map((deps) => createScheduler(deps));
    clock.time = BEGIN;
    round += 1;
    await database.rows.deleteFrom("scheduled_job").execute();
    const expected: Expected[] = [];
    for (const [n, start] of starts.entries()) {
      const times = { interval: "CUSTOM", crontab: start.crontab, timeZone: ZONES[n]! } as const;
      const wishes = { ...times, name: `${round} ${n}`, catchUp: start.catchUp, job: { name: "Plain" } };
      const { id } = await createSchedule(all[0]!, author(user), wishes);
      expected.push({ id, ...start, zone: ZONES[n]!, since: BEGIN, isOn: true, times: [] });
    }
    /** Adds the ticks until then, without those that an absent server skips. */
    const settle = (one: Expected, now: number, downSince?: number) => {
      if (one.isOn) {
        const due = crontabTimesOf(one.crontab, one.zone).filter((time) => one.since < time && time <= now);
        const missed = downSince === undefined ? [] : due.filter((time) => time > downSince);
        const isLost = (time: number) =>
          (one.catchUp === "ONE" && time !== missed[0]) || (one.catchUp === "SKIP" && time < now - MINUTE);
        one.times.push(...due.filter((time) => !missed.includes(time) || !isLost(time)));
      }
      one.since = now;
    };
    const nextDue = async () => {
      const { next } = (await database.rows
        .selectFrom("scheduled_job")
        .select((eb) => eb.fn.min("next_run_at").as("next"))
        .executeTakeFirstOrThrow()) as { next: Date | string | null };
      return next === null ? Infinity : Date.parse(isoTime(next));
    };
    const tickSome = async () => {
      const some = schedulers.filter(() => random.fraction() < 0.6);
      await Promise.all((some.length > 0 ? some : schedulers).map((scheduler) => scheduler.tick()));
    };
    const runUntil = async (end: number) => {
      for (let next = await nextDue(); next <= end; next = await nextDue()) {
        clock.time = Math.max(clock.time, Math.min(end, next + random.integer(0, 20_000)));
        await tickSome();
      }
      clock.time = end;
    };

    for (const { time, kind, which, ...more } of [...events].toSorted((a, b) => a.time - b.time)) {
      // It fell into a time without servers.
      if (time <= clock.time) continue;
      const one = expected[which]!;
      if (kind === "down") {
        await runUntil(time);
        for (const each of expected) settle(each, time);
        clock.time = time + more.days * DAY;
        await Promise.all(schedulers.map((scheduler) => scheduler.tick()));
        for (const each of expected) settle(each, clock.time, time);
        continue;
      }
      if (kind === "just") {
        // In the very moment at which something is due, before anybody has looked.
        await runUntil(time);
        const next = await nextDue();
        if (next > END - DAY) continue;
        clock.time = next + 7;
      } else await runUntil(time);
      if (kind === "restart") {
        const n = random.integer(0, 2);
        await schedulers[n]!.close();
        schedulers[n] = createScheduler(all[n]!);
        continue;
      }
      const deps = random.pick(all);
      if (kind === "pause") {
        await updateSchedule(deps, author(user), one.id, { enabled: !one.isOn });
        settle(one, clock.time);
        one.isOn = !one.isOn;
      } else {
        await updateSchedule(deps, author(user), one.id, { crontab: more.crontab, timeZone: more.zone });
        settle(one, clock.time);
        Object.assign(one, { crontab: more.crontab, zone: more.zone });
      }
    }
    await runUntil(END);
    for (const one of expected) {
      settle(one, END);
      const rows = await database.rows
        .selectFrom("job_result")
        .select(["scheduled_for", "status"])
        .where("scheduled_job_id", "=", one.id)
        .orderBy("scheduled_for")
        .execute();
      expect(rows.every(({ status }) => status === "PENDING")).toBe(true);
      expect(rows.map(({ scheduled_for }) => isoTime(scheduled_for as Date))).toEqual(
        one.times.map((time) => new Date(time).toISOString()),
      );
      ticks += rows.length;
    }
    for (const scheduler of schedulers) await scheduler.close();
  }

  const starts = fc.tuple(...ZONES.map(() => fc.record({ crontab, catchUp })));
  await fc.assert(fc.asyncProperty(starts, fc.array(event, { maxLength: 14, minLength: 4 }), fc.nat(), live), {
    numRuns: sized(3, 30),
    endOnFailure: true,
  });
  expect(ticks).toBeGreaterThan(0);
});

test("a change that is made while a tick is under way is never passed by, nor undone by another", async () => {
  const { all, clock, user, database } = await openThree();
  const [deps] = all as [(typeof all)[0]];
  const wishes = { name: "Each minute", interval: "CUSTOM", crontab: "* * * * *", job: { name: "Plain" } } as const;
  const { id } = await createSchedule(deps, author(user), wishes);
  /** Returns dependencies with which somebody else changes the schedule once it has been read. */
  const disturbed = (change: Parameters<typeof updateSchedule>[3]): typeof deps => {
    let isDone = false;
    return {
      ...deps,
      database: {
        ...database,
        async transaction(work) {
          if (!isDone) {
            isDone = true;
            await updateSchedule(deps, author(user), id, change);
          }
          return database.transaction(work);
        },
      },
    };
  };
  const kwargs = () =>
    database.rows.selectFrom("job_result").select("celery_kwargs").where("scheduled_job_id", "=", id).execute();
  clock.time += MINUTE;
  await createScheduler(disturbed({ consoleLog: true })).tick();
  const runs = await kwargs();
  expect(runs.map((run) => database.readJson(run.celery_kwargs))).toMatchObject([{ console_log: true }]);
  await updateSchedule(disturbed({ consoleLog: false }), author(user), id, { ignoreSingletonLock: true });
  const { celery_kwargs } = await database.rows
    .selectFrom("scheduled_job")
    .selectAll()
    .where("id", "=", id)
    .executeTakeFirstOrThrow();
  expect(database.readJson(celery_kwargs)).toEqual({ console_log: false, ignore_singleton_lock: true });
});

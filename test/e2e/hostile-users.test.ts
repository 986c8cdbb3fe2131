import fc from "fast-check";
import { expect, test } from "vitest";
import { openDatabase } from "../../src/entities/database.ts";
import type { ErrorCode } from "../../src/errors.ts";
import { createSchema } from "../../src/schema/index.ts";
import { storeWorld, type World } from "../support/approvals/world.ts";
import { createClient, post } from "../support/client.ts";
import { databaseKinds, sized } from "../support/full.ts";
import { attemptsOf, type OperationKind } from "../support/hostile-requests/attempts.ts";
import { fits, HOSTILE_DOCUMENTS, OTHER_REQUESTS } from "../support/hostile-requests/corpus.ts";
import type { HostileDocument, Target, Told } from "../support/hostile-requests/kinds.ts";
import { openTarget, type OpenedTarget } from "../support/hostile-requests/target.ts";
import { meanwhile, TRANSPORTS } from "../support/hostile-requests/transports.ts";
import { createPerson } from "../support/people.ts";

/*
 * The same hostile requests, sent by every kind of user over every transport: rights decide how far a request comes, and so where it may go wrong. Each is
 * answered or refused, nothing of the server's inside is told, and the next request of somebody else is answered.
 */

const SIZE = { largeResult: 1_000_000, crowd: 10 };

/** Requests of one kind of user over one transport: documents of the corpus, and values of arguments. */
const DRAWN = { documents: sized(3, 1000), attempts: sized(9, 1500), others: sized(3, 1000) };
/** Each run sends the same ones: another test draws anew. */
const SEED = 17;

const schema = createSchema();
const TYPES: readonly [OperationKind, ReturnType<typeof schema.getQueryType>][] = [
  ["query", schema.getQueryType()],
  ["mutation", schema.getMutationType()],
  ["subscription", schema.getSubscriptionType()],
];

/** Codes of refusals: all of our own but that of a database which is away, and those of GraphQL and Apollo. */
const REFUSALS: Readonly<Record<Exclude<ErrorCode, "UNAVAILABLE">, true>> = {
  BAD_USER_INPUT: true,
  CONFLICT: true,
  FORBIDDEN: true,
  INVALID_SCHEDULE: true,
  JOB_ALREADY_RUNNING: true,
  JOB_NOT_ENABLED: true,
  JOB_NOT_INSTALLED: true,
  LIMIT_EXCEEDED: true,
  NOT_CANCELABLE: true,
  NOT_FOUND: true,
  PERSISTED_QUERY_NOT_FOUND: true,
  UNAUTHENTICATED: true,
};
const OF_GRAPHQL = /^(BAD_REQUEST|GRAPHQL_PARSE_FAILED|GRAPHQL_VALIDATION_FAILED|OPERATION_RESOLUTION_FAILURE)$/;
const isRefusal = (end: string) => Object.hasOwn(REFUSALS, end) || OF_GRAPHQL.test(end) || /^(HTTP 4|closed 44)\d\d$/.test(end);

/** Texts that only the inside of a server has: places in code, statements, drivers. */
const INSIDE = [
  /\n\s+at /,
  /node_modules|\/(src|dist)\/|\.[jt]s:\d/,
  /\b(select|delete) .{0,200}\bfrom\b|\binsert into\b|\bupdate "/i,
  /sqlite|postgres|mikro-?orm|kysely|knex|\bpg_/i,
  /syntax error at|violates .* constraint|relation "|constraint failed|no such (table|column)/i,
  /\b(TypeError|ReferenceError|RangeError)\b|undefined is not|is not a function|Cannot read propert/,
];

const READS = "with a key that only reads";

/** Makes one user of each kind, and returns their keys. Those without rights come first: superusers change what others would find. */
async function createUsers({ server, target }: OpenedTarget, world: World): Promise<Record<string, string | undefined>> {
  const { client } = server;
  const nobody = await createPerson(server, { username: "nobody" }, []);
  const constrained = await createPerson(server, { username: "constrained" }, []);
  await client.query(`mutation ($data: CreateObjectPermissionInput!) { create_object_permission(data: $data) { id } }`, {
    data: {
      name: "Some of it",
      users: [constrained.id],
      actions: ["view"],
      object_types: ["extras.job", "extras.jobresult", "extras.joblogentry", "extras.tag", "extras.scheduledjob"],
      constraints: { id__in: [world.job, world.run, world.line, world.tag, world.schedule] },
    },
  });
  const operator = await createPerson(server, { username: "operator" }, ["Operators"]);
  const superuser = await createPerson(server, { username: "super", is_superuser: true }, []);
  const { create_token } = await createClient(target.url, superuser.key).query(
    `mutation { create_token(write_enabled: false) { key } }`,
  );
  return {
    "without a key": undefined,
    "without groups": nobody.key,
    constrained: constrained.key,
    "an operator": operator.key,
    [READS]: create_token.key,
    "a superuser": superuser.key,
  };
}

/** A request of somebody, as it is sent. */
interface Request {
  words: string;
  /** The document, for one that is no more. */
  query?: string;
  /** Ends that are right, besides refusals. */
  due: readonly string[];
  send(target: Target): Promise<Told>;
}

const draw = <T>(from: readonly T[], count: number, seed: number): T[] =>
  count >= from.length ? [...from] : fc.sample(fc.constantFrom(...from), { numRuns: count, seed });

/** A subscription that goes on is left after a while. */
async function sendDocument(through: string, target: Target, document: HostileDocument, innocent: Target): Promise<Told> {
  const send = TRANSPORTS[through]!;
  if (!document.query.startsWith("subscription")) return send(target, document);
  const leave = new AbortController();
  const answer = send(target, document, leave.signal);
  const told = await Promise.race([answer, meanwhile(innocent)]);
  leave.abort();
  await answer;
  return told;
}

/** Values of arguments as documents: one value each of so many arguments. */
function attempts(world: World, seed: number): HostileDocument[] {
  const all = TYPES.flatMap(([kind, type]) =>
    Object.values(type!.getFields()).flatMap((field) => field.args.map((arg) => ({ kind, field, arg }))),
  );
  // As many of each kind of operation: mutations have few arguments.
  const some = TYPES.flatMap(([kind], n) =>
    draw(
      all.filter((one) => one.kind === kind),
      DRAWN.attempts / TYPES.length,
      seed + n,
    ),
  );
  return some.flatMap(({ kind, field, arg }, n) =>
    draw(attemptsOf(kind, field, arg, world), 1, seed + n).map(({ words, operation, variables }) => {
      return { words, query: operation, json: variables, due: ["answered", "left"] };
    }),
  );
}

function requestsOver(through: string, world: World, innocent: Target, seed: number): Request[] {
  const documents = [...draw(HOSTILE_DOCUMENTS, DRAWN.documents, seed), ...attempts(world, seed)];
  return documents
    .filter((document) => fits(through, document))
    .map((document) => ({
      words: `${document.words} (${through})`,
      query: document.query,
      due: ["answered", ...document.due],
      send: (target) => sendDocument(through, target, document, innocent),
    }));
}

/** Returns a complaint about the end of a request; undefined if all is well. */
function complaintOf(
  { due, query }: Request,
  { end, says, errors = "" }: Told,
  who: string,
  secrets: readonly string[],
): string | undefined {
  const mustBeRefused = query && (who === "without a key" || (who === READS && query.startsWith("mutation")));
  if (mustBeRefused && end === "answered") return "answered, and must be refused";
  if (!due.includes(end) && !isRefusal(end)) return `${end}: ${says.slice(0, 300)}`;
  const told = [...INSIDE.filter((inside) => inside.test(errors)), ...secrets.filter((secret) => errors.includes(secret))];
  return told.length > 0 ? `tells of the inside (${String(told[0])}): ${errors.slice(0, 500)}` : undefined;
}

test.for(databaseKinds("postgresql"))(
  "hostile requests of every kind of user are answered or refused, and tell nothing of the inside: %s",
  { timeout: sized(300_000, 7_200_000) },
  async (kind) => {
    const opened = await openTarget(kind, SIZE);
    const { server, target, folder, databaseUrl } = opened;
    const database = await openDatabase(databaseUrl);
    const world = await storeWorld(database);
    await database.close();
    const users = await createUsers(opened, world);
    const complaints: string[] = [];
    const ends = new Map<string, Map<string, number>>();
    for (const [n, [who, key]] of Object.entries(users).entries()) {
      const asked: Target = { ...target, key };
      const over = Object.keys(TRANSPORTS).flatMap((through, m) => requestsOver(through, world, target, SEED + 100 * n + m));
      const others = draw(OTHER_REQUESTS, DRAWN.others, SEED + n);
      const counts = new Map<string, number>();
      ends.set(who, counts);
      for (const request of [...over, ...others]) {
        const told = await request.send(asked);
        counts.set(told.end, (counts.get(told.end) ?? 0) + 1);
        const complaint = complaintOf(request, told, who, [folder, process.cwd()]);
        if (complaint) complaints.push(`${who}: ${request.words}: ${complaint}`);
        const { status } = await post(target.url, target.key, { query: "{ jobs(limit: 1) { id } }" });
        if (status !== 200) complaints.push(`${who}: ${request.words}: an innocent request got ${status}`);
      }
    }
    console.table(Object.fromEntries([...ends].map(([who, counts]) => [who, Object.fromEntries(counts)])));
    expect(complaints).toEqual([]);
    // Not because everything is refused.
    for (const who of ["an operator", "a superuser"]) expect(ends.get(who)!.get("answered")).toBeGreaterThan(10);
    expect(server.output()).not.toContain("an operation failed");
    expect(server.process.exitCode).toBeNull();
  },
);

import { readFileSync } from "node:fs";
import { isIPv4 } from "node:net";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { StartError } from "./errors.ts";
import { findUser, type SystemUser } from "./jobs-user.ts";
import { FROM_FILES, SECRET_SETTINGS } from "./secret-settings.ts";
import { DEFAULT_SANITIZER_PATTERNS, type SanitizerPattern } from "./sanitizer-patterns.ts";

/** Everything that can be set from outside, validated and frozen. Names are ours; the environment's are in {@link loadConfig}. */
export interface Config {
  /** `sqlite:PATH` or `postgresql://…`; the scheme chooses the driver. */
  readonly databaseUrl: string;
  /** `redis://…` or `rediss://…`: a Redis that carries notifications between servers; undefined for the database's own way. */
  readonly redisUrl: string | undefined;
  /** Milliseconds that a statement of a client's read may take. */
  readonly statementTimeoutMs: number;
  /** SQLite: processes for reads that may take long, at most. */
  readonly readerProcesses: number;
  /** PostgreSQL: connections for reads of clients, at most. */
  readonly readerConnections: number;
  /** PostgreSQL: connections for writes and for the server's own reads, at most. */
  readonly writerConnections: number;
  readonly host: string;
  /** 0 lets the operating system choose. */
  readonly port: number;
  /** Absolute path of the folder whose files are job modules. */
  readonly jobsRoot: string;
  /** Absolute path of the folder of the jobs that come with the server; undefined to do without. Not to be set from outside. */
  readonly systemJobsRoot: string | undefined;
  /** Runs that one process executes at the same time. */
  readonly workerConcurrency: number;
  /** The place of a run: a child process, or a thread, in which a fatal error of the engine ends the server. */
  readonly sandbox: "process" | "thread";
  /** The user of the system that processes of runs belong to; the server's own when undefined. */
  readonly jobsUser: SystemUser | undefined;
  /** Started processes or threads that are kept waiting for the next runs: each saves a run some 60 ms (a thread 40), and costs about 20 MB of memory. */
  readonly spareSandboxes: number;
  /** Milliseconds after which a job without a soft time limit is told to stop. */
  readonly softTimeLimitMs: number;
  /** Milliseconds after which a run of a job without a time limit is ended. */
  readonly timeLimitMs: number;
  /** Milliseconds that the job of a canceled run has to end by itself before it is ended. */
  readonly cancelGraceMs: number;
  /** Milliseconds without a sign of life after which other workers settle a worker's runs. */
  readonly leaseMs: number;
  /** Milliseconds that an idempotency key stands for its first run. */
  readonly idempotencyTtlMs: number;
  /** MiB of memory that a run of a job that names no limit may take; 0 for as many as it likes. */
  readonly memoryLimitMb: number;
  /** Absolute path of the folder for the contents of runs' files. */
  readonly filesRoot: string;
  /** Largest file that a run may leave. */
  readonly maxFileBytes: number;
  /** The most that the files of one run may have together. */
  readonly maxRunFilesBytes: number;
  /** The most files that one run may leave. */
  readonly maxRunFiles: number;
  /** Lines, and texts that it prints, that one attempt of a run may say. */
  readonly maxRunLines: number;
  /** Milliseconds that a stopping server waits for running jobs before it ends them. */
  readonly shutdownGraceMs: number;
  /** Key of the administrator's token; a random one is made and printed on the first start when it is not given. */
  readonly adminToken: string | undefined;
  /** Key that seals sensitive inputs; see {@link secretKeyFile} when it is absent. */
  readonly secretKey: string | undefined;
  /** Absolute path of the file that holds it otherwise; made on the first start. */
  readonly secretKeyFile: string;
  /** Patterns of texts that are hidden in all output. */
  readonly sanitizerPatterns: readonly SanitizerPattern[];
  /** Secret of Nautobot's webhooks; without it webhooks are rejected. */
  readonly webhookSecret: string | undefined;
  /** Milliseconds that a valid key is not looked up again. A deleted key is accepted for as long. */
  readonly authCacheMs: number;
  /** Keys of one address that may be wrong in a minute; 0 for any number. */
  readonly maxFailedKeysPerMinute: number;
  /** Origin of the server as browsers know it, such as `https://jobs.example.com`; the `Host` of each request when undefined. */
  readonly publicUrl: string | undefined;
  /** Origins of other sites whose pages may use the server, with cookies. */
  readonly corsOrigins: readonly string[];
  /** Milliseconds from a sign-in in a browser until the next. */
  readonly sessionMs: number;
  /** Sign-ins of one address, and with one username, that may fail in a minute; 0 for any number. */
  readonly maxFailedSignInsPerMinute: number;
  /** The provider of OpenID Connect that browsers sign in at; undefined without one. */
  readonly oidc: OidcSettings | undefined;
  /** The issuer whose tokens are taken in place of keys; undefined without one. */
  readonly jwt: JwtSettings | undefined;
  /** Users who come from either. */
  readonly identities: { linkUsers: boolean; managedGroups: readonly string[] | undefined };
  /** Longest page of a list, and longest list that is given without a page. */
  readonly maxPageSize: number;
  /** Objects in a list that asks for no number; the whole list when undefined. */
  readonly defaultPageSize: number | undefined;
  /** Tokens of a client's document. */
  readonly maxQueryTokens: number;
  /** Levels of its fields, and of lists and objects in the value of an argument. */
  readonly maxQueryDepth: number;
  /** Its aliases. */
  readonly maxQueryAliases: number;
  /** Its directives. */
  readonly maxQueryDirectives: number;
  /** Its fields and fragments, those in a fragment counted wherever it is spread. */
  readonly maxQueryFields: number;
  /** The most that the answer to an operation may cost; see `docs/limits.md`. */
  readonly maxQueryCost: number;
  /** The most characters that the answer to an operation may have, about. */
  readonly maxAnswerBytes: number;
  /** Milliseconds that an operation may take. */
  readonly operationTimeoutMs: number;
  /** The users who may ask for the schema itself. */
  readonly introspection: Audience;
  /** Absolute path of a manifest of documents, or of a folder of manifests; undefined without any. */
  readonly trustedDocuments: string | undefined;
  /** The users who may send documents that are in no manifest. */
  readonly untrustedDocuments: Audience;
  /** False leaves the execution of all operations to graphql-js, to find out whether an answer is the compiler's fault. */
  readonly compiledExecution: boolean;
  /** Sockets and event streams that one user may have open. */
  readonly maxStreamsPerUser: number;
  /** Operations that may be under way on one socket. */
  readonly maxSubscriptionsPerSocket: number;
  /** Operations that one user may have under way over all sockets and event streams. */
  readonly maxSubscriptionsPerUser: number;
  /** Bytes of answers that may wait to be read by one user on sockets and event streams. */
  readonly maxUnreadBytesPerUser: number;
  /** Custom fields of the site. */
  readonly customFields: readonly CustomField[];
  readonly logLevel: LogLevel;
  /** The environment that job code sees: ours without the variables that hold secrets. */
  readonly jobEnv: Readonly<Record<string, string>>;
}

const AUDIENCES = ["signed-in", "superusers", "off"] as const;
type Audience = (typeof AUDIENCES)[number];

const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;
type LogLevel = (typeof LOG_LEVELS)[number];

/** Algorithms that a token may be signed with: those of key pairs, so that nobody else can make one. */
const JWT_ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
] as const;

const DEFAULT_ALGORITHMS: (typeof JWT_ALGORITHMS)[number][] = ["RS256", "PS256", "ES256", "EdDSA"];

/** Names of the claims that tell of a user. */
interface ClaimNames {
  username: string;
  /** Undefined where the issuer has no say in groups. */
  groups: string | undefined;
}

/** A provider of OpenID Connect. */
interface OidcSettings {
  issuer: string;
  clientId: string;
  /** Undefined for a client that has none. */
  clientSecret: string | undefined;
  scopes: string;
  claims: ClaimNames;
}

/** An issuer of tokens. */
interface JwtSettings {
  issuer: string;
  audience: string;
  /** Place of the issuer's public keys. */
  jwksUrl: string;
  algorithms: readonly string[];
  claims: ClaimNames;
}

/** Models with custom fields, as content types name them. */
const CUSTOMIZABLE = [
  "approvalworkflow",
  "approvalworkflowdefinition",
  "approvalworkflowstage",
  "approvalworkflowstagedefinition",
  "gitrepository",
  "job",
  "jobhook",
  "jobqueue",
  "jobresult",
  "tag",
] as const;
const FIELD_KINDS = ["text", "integer", "float", "boolean", "date", "json"] as const;

/** A field that the site adds to the objects of a model. */
export interface CustomField {
  model: (typeof CUSTOMIZABLE)[number];
  key: string;
  kind: (typeof FIELD_KINDS)[number];
}

const customField = z.object({
  model: z.enum(CUSTOMIZABLE, { error: `its model must be one of ${CUSTOMIZABLE.join(", ")}` }),
  key: z.string().regex(/^[a-z][a-z0-9_]*$/, "its key must be a letter and then letters, digits or _, all in lower case"),
  kind: z.enum(FIELD_KINDS, { error: `its kind must be one of ${FIELD_KINDS.join(", ")}` }),
});

/** `job.owner,tag.rank:integer`. */
const customFields = z.string().transform((text, context): readonly CustomField[] => {
  const refuse = (entry: string, message: string) => context.addIssue(`has "${entry}": ${message}`);
  const fields = new Map<string, CustomField>();
  for (const entry of text.split(",").map((part) => part.trim())) {
    const [, model, key, kind = "text"] = /^([^.:]+)\.([^.:]+)(?::([^.:]+))?$/.exec(entry) ?? [];
    const parsed = customField.safeParse({ model, key, kind });
    if (model === undefined) refuse(entry, "a custom field is MODEL.KEY or MODEL.KEY:KIND");
    else if (!parsed.success) for (const { message } of parsed.error.issues) refuse(entry, message);
    else if (fields.has(`${model}.${key}`)) refuse(entry, "the model has a field with this key already");
    else fields.set(`${model}.${key}`, parsed.data);
  }
  return Object.freeze([...fields.values()]);
});

/** `[["(enable secret) .*", "$1 (redacted)"]]`. */
const sanitizerPatterns = z.string().transform((text, context): readonly SanitizerPattern[] => {
  const pairs = z.array(z.tuple([z.string(), z.string()]));
  try {
    const patterns = pairs.parse(JSON.parse(text));
    for (const [expression] of patterns) new RegExp(expression, "gi");
    return Object.freeze(patterns);
  } catch (error) {
    const why = error instanceof SyntaxError ? `: ${error.message}` : "";
    context.addIssue(`must be JSON, a list of pairs of a regular expression and its replacement; [] for none${why}`);
    return z.NEVER;
  }
});

/** Changing users is the right of root. */
const jobsUser = z.string().transform((text, context): SystemUser => {
  const user = findUser(text);
  if (!user) context.addIssue("must be the name or number of a user of this system, or UID:GID, and not root");
  else if (process.getuid?.() !== 0) context.addIssue("needs a server that root has started");
  return user ?? z.NEVER;
});

/** `https://jobs.example.com`. */
const origin = z.string().transform((text, context): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href) return url.origin;
  context.addIssue("must be an origin, such as https://jobs.example.com: a scheme and a host, without a path");
  return z.NEVER;
});

/** Texts with commas between them. */
const list = <T>(item: z.ZodType<T, string>) =>
  z.string().transform((text, context): T[] =>
    text
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "")
      .map((part) => {
        const parsed = item.safeParse(part);
        if (parsed.success) return parsed.data;
        for (const { message } of parsed.error.issues) context.addIssue(`has "${part}", which ${message}`);
        return z.NEVER;
      }),
  );

/** A URL of another server, over TLS unless that is on this machine: what it says decides over who somebody is. */
const remoteUrl = z.string().transform((text, context): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname.replace(/^\[|\]$/g, "")))) return text;
  context.addIssue("must be a URL with https, such as https://id.example.com");
  return z.NEVER;
});

const redisUrl = z
  .string()
  .refine((text) => URL.canParse(text) && /^rediss?:\/\//.test(text), "must be a URL such as redis://HOST:6379");

const number = (min: number, max: number) =>
  z.coerce
    .number({ error: `must be a whole number from ${min} to ${max}` })
    .int(`must be a whole number from ${min} to ${max}`)
    .min(min, `must be ${min} or more`)
    .max(max, `must be ${max} or less`);

const integer = (min: number, max: number, fallback: number) => number(min, max).default(fallback);

const users = z.enum(AUDIENCES, { error: `must be one of ${AUDIENCES.join(", ")}` }).default("signed-in");

/** Longest time of a timer in Node, some 24 days. */
const MAX_SECONDS = 2_147_483;

/** Largest size of a file in the database. */
const MAX_BYTES = 2_147_483_647;

const environment = z.object({
  DATABASE_URL: z
    .string()
    .regex(/^(sqlite:.+|postgres(ql)?:\/\/.+)/, "must be sqlite:PATH or postgresql://USER@HOST/DATABASE")
    .default("sqlite:./data/jobgraph.db"),
  REDIS_URL: redisUrl.optional(),
  STATEMENT_TIMEOUT_MS: integer(1, 3_600_000, 30_000),
  READER_PROCESSES: integer(1, 64, 2),
  READER_CONNECTIONS: integer(1, 1000, 10),
  WRITER_CONNECTIONS: integer(1, 1000, 10),
  HOST: z.string().default("127.0.0.1"),
  PORT: integer(0, 65_535, 4000),
  JOBS_ROOT: z.string().default("jobs"),
  WORKER_CONCURRENCY: integer(1, 256, 4),
  SANDBOX: z.enum(["process", "thread"], { error: "must be one of process, thread" }).default("process"),
  JOBS_USER: jobsUser.optional(),
  SPARE_SANDBOXES: integer(0, 64, 1),
  SOFT_TIME_LIMIT_SECONDS: integer(1, MAX_SECONDS, 300),
  TIME_LIMIT_SECONDS: integer(1, MAX_SECONDS, 600),
  CANCEL_GRACE_MS: integer(0, 3_600_000, 5000),
  WORKER_LEASE_SECONDS: integer(1, 3600, 15),
  IDEMPOTENCY_TTL_HOURS: integer(1, 8760, 24),
  MEMORY_LIMIT_MB: integer(0, 1_000_000, 512),
  FILES_ROOT: z.string().default("data/files"),
  MAX_FILE_BYTES: integer(1, MAX_BYTES, 10 * 1024 * 1024),
  MAX_RUN_FILES_BYTES: integer(1, Number.MAX_SAFE_INTEGER, 100 * 1024 * 1024),
  MAX_RUN_FILES: integer(1, Number.MAX_SAFE_INTEGER, 1000),
  MAX_RUN_LINES: integer(1, Number.MAX_SAFE_INTEGER, 10_000_000),
  SHUTDOWN_GRACE_MS: integer(0, 3_600_000, 10_000),
  ADMIN_TOKEN: z.string().min(16, "must have 16 characters or more").optional(),
  SECRET_KEY: z.string().min(32, "must have 32 characters or more").optional(),
  SECRET_KEY_FILE: z.string().default("data/secret-key"),
  SANITIZER_PATTERNS: sanitizerPatterns.default(DEFAULT_SANITIZER_PATTERNS),
  WEBHOOK_SECRET: z.string().min(16, "must have 16 characters or more").optional(),
  AUTH_CACHE_MS: integer(0, 60_000, 1000),
  MAX_FAILED_KEYS_PER_MINUTE: integer(0, 1_000_000, 60),
  PUBLIC_URL: origin.optional(),
  CORS_ORIGINS: list(origin).default([]),
  SESSION_HOURS: integer(1, 8760, 12),
  MAX_FAILED_SIGN_INS_PER_MINUTE: integer(0, 1_000_000, 10),
  OIDC_ISSUER: remoteUrl.optional(),
  OIDC_CLIENT_ID: z.string().optional(),
  OIDC_CLIENT_SECRET: z.string().optional(),
  OIDC_SCOPES: z.string().default("openid profile email"),
  OIDC_USERNAME_CLAIM: z.string().default("preferred_username"),
  OIDC_GROUPS_CLAIM: z.string().optional(),
  JWT_ISSUER: z.string().optional(),
  JWT_AUDIENCE: z.string().optional(),
  JWT_JWKS_URL: remoteUrl.optional(),
  JWT_ALGORITHMS: list(z.enum(JWT_ALGORITHMS, { error: `must be one of ${JWT_ALGORITHMS.join(", ")}` })).default(
    DEFAULT_ALGORITHMS,
  ),
  JWT_USERNAME_CLAIM: z.string().default("preferred_username"),
  JWT_GROUPS_CLAIM: z.string().optional(),
  IDENTITY_LINK_USERS: z.enum(["0", "1"], { error: "must be 0 or 1" }).default("0"),
  IDENTITY_GROUPS: list(z.string()).optional(),
  MAX_PAGE_SIZE: integer(1, 1_000_000, 10_000),
  DEFAULT_PAGE_SIZE: number(1, 1_000_000).optional(),
  MAX_QUERY_TOKENS: integer(1, 1_000_000, 10_000),
  MAX_QUERY_DEPTH: integer(1, 1000, 25),
  MAX_QUERY_ALIASES: integer(0, 100_000, 200),
  MAX_QUERY_DIRECTIVES: integer(0, 100_000, 100),
  MAX_QUERY_FIELDS: integer(1, 100_000, 1000),
  MAX_QUERY_COST: integer(1, Number.MAX_SAFE_INTEGER, 200_000),
  MAX_ANSWER_BYTES: integer(1, Number.MAX_SAFE_INTEGER, 32 * 1024 * 1024),
  OPERATION_TIMEOUT_MS: integer(1, 3_600_000, 30_000),
  INTROSPECTION: users,
  TRUSTED_DOCUMENTS: z.string().optional(),
  UNTRUSTED_DOCUMENTS: users,
  COMPILED_EXECUTION: z.enum(["0", "1"], { error: "must be 0 or 1" }).default("1"),
  MAX_STREAMS_PER_USER: integer(1, 1_000_000, 1000),
  MAX_SUBSCRIPTIONS_PER_SOCKET: integer(1, 1_000_000, 1000),
  MAX_SUBSCRIPTIONS_PER_USER: integer(1, 1_000_000, 5000),
  MAX_UNREAD_BYTES_PER_USER: integer(1, Number.MAX_SAFE_INTEGER, 16 * 1024 * 1024),
  CUSTOM_FIELDS: customFields.default([]),
  LOG_LEVEL: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(", ")}` }).default("info"),
});

/**
 * Reads the environment. An empty variable counts as one that is not set.
 * @throws {@link StartError} that lists every problem, one sentence a variable.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = readSecrets(
    Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== "")) as Record<string, string>,
  );
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    throw new StartError(parsed.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}.`).join("\n"));
  }
  const value = parsed.data;
  if (value.ADMIN_TOKEN !== undefined && !isLoopback(value.HOST) && isGuessable(value.ADMIN_TOKEN))
    throw new StartError(
      `ADMIN_TOKEN is short or easy to guess, and HOST=${value.HOST} lets other machines in: give a random key of ${MIN_OPEN_TOKEN} characters or more, or none.`,
    );
  if (value.JOBS_USER && value.SANDBOX !== "process")
    throw new StartError("JOBS_USER needs SANDBOX=process: threads are of the server's own user.");
  return Object.freeze({
    databaseUrl: value.DATABASE_URL,
    redisUrl: value.REDIS_URL,
    statementTimeoutMs: value.STATEMENT_TIMEOUT_MS,
    readerProcesses: value.READER_PROCESSES,
    readerConnections: value.READER_CONNECTIONS,
    writerConnections: value.WRITER_CONNECTIONS,
    host: value.HOST,
    port: value.PORT,
    jobsRoot: resolve(value.JOBS_ROOT),
    systemJobsRoot: fileURLToPath(new URL("./system-jobs/jobs", import.meta.url)),
    workerConcurrency: value.WORKER_CONCURRENCY,
    sandbox: value.SANDBOX,
    jobsUser: value.JOBS_USER,
    spareSandboxes: value.SPARE_SANDBOXES,
    softTimeLimitMs: value.SOFT_TIME_LIMIT_SECONDS * 1000,
    timeLimitMs: value.TIME_LIMIT_SECONDS * 1000,
    cancelGraceMs: value.CANCEL_GRACE_MS,
    leaseMs: value.WORKER_LEASE_SECONDS * 1000,
    idempotencyTtlMs: value.IDEMPOTENCY_TTL_HOURS * 3_600_000,
    memoryLimitMb: value.MEMORY_LIMIT_MB,
    filesRoot: resolve(value.FILES_ROOT),
    maxFileBytes: value.MAX_FILE_BYTES,
    maxRunFilesBytes: value.MAX_RUN_FILES_BYTES,
    maxRunFiles: value.MAX_RUN_FILES,
    maxRunLines: value.MAX_RUN_LINES,
    shutdownGraceMs: value.SHUTDOWN_GRACE_MS,
    adminToken: value.ADMIN_TOKEN,
    secretKey: value.SECRET_KEY,
    secretKeyFile: resolve(value.SECRET_KEY_FILE),
    sanitizerPatterns: value.SANITIZER_PATTERNS,
    webhookSecret: value.WEBHOOK_SECRET,
    authCacheMs: value.AUTH_CACHE_MS,
    maxFailedKeysPerMinute: value.MAX_FAILED_KEYS_PER_MINUTE,
    publicUrl: value.PUBLIC_URL,
    corsOrigins: Object.freeze(value.CORS_ORIGINS),
    sessionMs: value.SESSION_HOURS * 3_600_000,
    maxFailedSignInsPerMinute: value.MAX_FAILED_SIGN_INS_PER_MINUTE,
    oidc: oidcOf(value),
    jwt: jwtOf(value),
    identities: Object.freeze({ linkUsers: value.IDENTITY_LINK_USERS === "1", managedGroups: value.IDENTITY_GROUPS }),
    maxPageSize: value.MAX_PAGE_SIZE,
    defaultPageSize: value.DEFAULT_PAGE_SIZE,
    maxQueryTokens: value.MAX_QUERY_TOKENS,
    maxQueryDepth: value.MAX_QUERY_DEPTH,
    maxQueryAliases: value.MAX_QUERY_ALIASES,
    maxQueryDirectives: value.MAX_QUERY_DIRECTIVES,
    maxQueryFields: value.MAX_QUERY_FIELDS,
    maxQueryCost: value.MAX_QUERY_COST,
    maxAnswerBytes: value.MAX_ANSWER_BYTES,
    operationTimeoutMs: value.OPERATION_TIMEOUT_MS,
    introspection: value.INTROSPECTION,
    ...documentsOf(value),
    compiledExecution: value.COMPILED_EXECUTION === "1",
    maxStreamsPerUser: value.MAX_STREAMS_PER_USER,
    maxSubscriptionsPerSocket: value.MAX_SUBSCRIPTIONS_PER_SOCKET,
    maxSubscriptionsPerUser: value.MAX_SUBSCRIPTIONS_PER_USER,
    maxUnreadBytesPerUser: value.MAX_UNREAD_BYTES_PER_USER,
    customFields: value.CUSTOM_FIELDS,
    logLevel: value.LOG_LEVEL,
    jobEnv: Object.freeze(Object.fromEntries(Object.entries(given).filter(([name]) => !isSecret(name)))),
  });
}

type Environment = z.infer<typeof environment>;

/** @throws {@link StartError} for a server that would take no documents of most users at all. */
function documentsOf(value: Environment): Pick<Config, "trustedDocuments" | "untrustedDocuments"> {
  const { TRUSTED_DOCUMENTS: path, UNTRUSTED_DOCUMENTS: untrustedDocuments } = value;
  if (path === undefined && untrustedDocuments !== "signed-in")
    throw new StartError(
      `UNTRUSTED_DOCUMENTS is ${untrustedDocuments}, and there are no others: name a list of documents with TRUSTED_DOCUMENTS.`,
    );
  return { trustedDocuments: path === undefined ? undefined : resolve(path), untrustedDocuments };
}

/** @throws {@link StartError} for a provider that is only half described. */
function oidcOf(value: Environment): OidcSettings | undefined {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, PUBLIC_URL: publicUrl } = value;
  if (issuer === undefined && clientId === undefined) return undefined;
  if (issuer === undefined || clientId === undefined || publicUrl === undefined)
    throw new StartError(
      "OIDC_ISSUER, OIDC_CLIENT_ID and PUBLIC_URL belong together: set all of them, or neither OIDC_ISSUER nor OIDC_CLIENT_ID.",
    );
  return Object.freeze({
    issuer,
    clientId,
    clientSecret: value.OIDC_CLIENT_SECRET,
    scopes: value.OIDC_SCOPES,
    claims: { username: value.OIDC_USERNAME_CLAIM, groups: value.OIDC_GROUPS_CLAIM },
  });
}

/** @throws {@link StartError} for an issuer that is only half described. */
function jwtOf(value: Environment): JwtSettings | undefined {
  const { JWT_ISSUER: issuer, JWT_AUDIENCE: audience, JWT_JWKS_URL: jwksUrl } = value;
  if (issuer === undefined && audience === undefined && jwksUrl === undefined) return undefined;
  if (issuer === undefined || audience === undefined || jwksUrl === undefined)
    throw new StartError("JWT_ISSUER, JWT_AUDIENCE and JWT_JWKS_URL belong together: set all of them, or none.");
  return Object.freeze({
    issuer,
    audience,
    jwksUrl,
    algorithms: value.JWT_ALGORITHMS,
    claims: { username: value.JWT_USERNAME_CLAIM, groups: value.JWT_GROUPS_CLAIM },
  });
}

/** Fewest characters of an administrator's key where other machines reach the server, and of different ones in it. */
const MIN_OPEN_TOKEN = 20;
const MIN_KINDS = 8;

/** Words, and rows of keys, that keys which nobody has chosen with care are made of. */
const COMMON_WORDS =
  /admin|change-?_?me|default|example|letmein|nautobot|jobgraph|passw|qwerty|secret|test|token|01234567(?:89(?:abcdef)?)?|12345678|abcdefgh/gi;

/** Tells whether somebody could find a key out: it is short, has few different characters, or is one of common words. */
function isGuessable(key: string): boolean {
  const rest = key.replaceAll(COMMON_WORDS, "");
  return key.length < MIN_OPEN_TOKEN || new Set(key).size < MIN_KINDS || rest.length < MIN_KINDS;
}

/** Tells whether only this machine reaches an address. */
function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

const isSecret = (name: string) => SECRET_SETTINGS.some((setting) => name === setting);

/**
 * Settings with the secrets that `NAME_FILE` names, each without the line feed at its end.
 * @throws {@link StartError} for a file that cannot be read, or a secret that is given twice.
 */
function readSecrets(given: Record<string, string>): Record<string, string> {
  const secrets: Record<string, string> = {};
  for (const name of FROM_FILES) {
    const path = given[`${name}_FILE`];
    if (path === undefined) continue;
    if (given[name] !== undefined) throw new StartError(`${name} and ${name}_FILE are both set; one of them must be left out.`);
    try {
      secrets[name] = readFileSync(path, "utf8").trimEnd();
    } catch (error) {
      throw new StartError(`${name}_FILE cannot be read: ${(error as NodeJS.ErrnoException).code}.`);
    }
  }
  return { ...given, ...secrets };
}

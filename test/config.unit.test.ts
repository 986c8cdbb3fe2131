import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { loadConfig } from "../src/config.ts";
import { MODELS } from "../src/entities/index.ts";
import { shapeOf } from "../src/entities/mapping/shape.ts";
import { StartError } from "../src/errors.ts";
import { DEFAULT_SANITIZER_PATTERNS } from "../src/sanitizer-patterns.ts";

test("defaults make a server on SQLite that only this machine reaches", () => {
  expect(loadConfig({})).toEqual({
    databaseUrl: "sqlite:./data/jobgraph.db",
    redisUrl: undefined,
    statementTimeoutMs: 30_000,
    readerProcesses: 2,
    readerConnections: 10,
    writerConnections: 10,
    host: "127.0.0.1",
    port: 4000,
    jobsRoot: resolve("jobs"),
    systemJobsRoot: resolve("src/system-jobs/jobs"),
    workerConcurrency: 4,
    sandbox: "process",
    jobsUser: undefined,
    spareSandboxes: 1,
    cancelGraceMs: 5000,
    leaseMs: 15_000,
    idempotencyTtlMs: 86_400_000,
    maxRunFiles: 1000,
    maxRunLines: 10_000_000,
    shutdownGraceMs: 10_000,
    softTimeLimitMs: 300_000,
    timeLimitMs: 600_000,
    memoryLimitMb: 512,
    filesRoot: resolve("data/files"),
    maxFileBytes: 10_485_760,
    maxRunFilesBytes: 104_857_600,
    authCacheMs: 1000,
    maxFailedKeysPerMinute: 60,
    oidc: undefined,
    jwt: undefined,
    identities: { linkUsers: false, managedGroups: undefined },
    publicUrl: undefined,
    corsOrigins: [],
    sessionMs: 43_200_000,
    maxFailedSignInsPerMinute: 10,
    maxPageSize: 10_000,
    defaultPageSize: undefined,
    maxQueryTokens: 10_000,
    maxQueryDepth: 25,
    maxQueryAliases: 200,
    maxQueryDirectives: 100,
    maxQueryFields: 1000,
    maxQueryCost: 200_000,
    maxAnswerBytes: 33_554_432,
    operationTimeoutMs: 30_000,
    introspection: "signed-in",
    trustedDocuments: undefined,
    untrustedDocuments: "signed-in",
    compiledExecution: true,
    customFields: [],
    maxStreamsPerUser: 1000,
    maxSubscriptionsPerSocket: 1000,
    maxSubscriptionsPerUser: 5000,
    maxUnreadBytesPerUser: 16 * 1024 * 1024,
    adminToken: undefined,
    secretKey: undefined,
    secretKeyFile: resolve("data/secret-key"),
    sanitizerPatterns: DEFAULT_SANITIZER_PATTERNS,
    logLevel: "info",
    jobEnv: {},
  });
});

test("every problem is told at once, a sentence each", () => {
  const wrong = {
    DATABASE_URL: "mysql://x",
    PORT: "http",
    WORKER_CONCURRENCY: "0",
    SHUTDOWN_GRACE_MS: "1.5",
    SOFT_TIME_LIMIT_SECONDS: "0",
    TIME_LIMIT_SECONDS: "3000000",
    ADMIN_TOKEN: "short",
    SECRET_KEY: "short too",
    SANITIZER_PATTERNS: '[["(", ""]]',
    INTROSPECTION: "nobody",
    UNTRUSTED_DOCUMENTS: "everybody",
    COMPILED_EXECUTION: "off",
    LOG_LEVEL: "loud",
  };
  expect(() => loadConfig(wrong)).toThrow(
    new StartError(
      [
        "DATABASE_URL must be sqlite:PATH or postgresql://USER@HOST/DATABASE.",
        "PORT must be a whole number from 0 to 65535.",
        "WORKER_CONCURRENCY must be 1 or more.",
        "SOFT_TIME_LIMIT_SECONDS must be 1 or more.",
        "TIME_LIMIT_SECONDS must be 2147483 or less.",
        "SHUTDOWN_GRACE_MS must be a whole number from 0 to 3600000.",
        "ADMIN_TOKEN must have 16 characters or more.",
        "SECRET_KEY must have 32 characters or more.",
        "SANITIZER_PATTERNS must be JSON, a list of pairs of a regular expression and its replacement; [] for none: Invalid regular expression: /(/gi: Unterminated group.",
        "INTROSPECTION must be one of signed-in, superusers, off.",
        "UNTRUSTED_DOCUMENTS must be one of signed-in, superusers, off.",
        "COMPILED_EXECUTION must be 0 or 1.",
        "LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent.",
      ].join("\n"),
    ),
  );
});

test("a server that takes no untrusted documents has a list of trusted ones", () => {
  expect(loadConfig({ TRUSTED_DOCUMENTS: "documents" })).toMatchObject({
    trustedDocuments: resolve("documents"),
    untrustedDocuments: "signed-in",
  });
  for (const users of ["off", "superusers"])
    expect(() => loadConfig({ UNTRUSTED_DOCUMENTS: users })).toThrow(
      `UNTRUSTED_DOCUMENTS is ${users}, and there are no others: name a list of documents with TRUSTED_DOCUMENTS.`,
    );
});

test("secrets come from files too, and from one place each", async () => {
  const file = join(await mkdtemp(join(tmpdir(), "jobgraph-config-")), "token");
  onTestFinished(() => rm(dirname(file), { recursive: true }));
  await writeFile(file, "0123456789abcdef-from-a-file\n");
  const config = loadConfig({ ADMIN_TOKEN_FILE: file, WEBHOOK_SECRET_FILE: file });
  expect(config).toMatchObject({ adminToken: "0123456789abcdef-from-a-file", webhookSecret: "0123456789abcdef-from-a-file" });
  expect(Object.keys(config.jobEnv)).toEqual(["ADMIN_TOKEN_FILE", "WEBHOOK_SECRET_FILE"]);
  expect(() => loadConfig({ ADMIN_TOKEN_FILE: file, ADMIN_TOKEN: "0123456789abcdef" })).toThrow(
    "ADMIN_TOKEN and ADMIN_TOKEN_FILE are both set; one of them must be left out.",
  );
  expect(() => loadConfig({ DATABASE_URL_FILE: "/nowhere" })).toThrow("DATABASE_URL_FILE cannot be read: ENOENT.");
});

test.for([
  [{ JOBS_USER: "nobody-of-this-name" }, "JOBS_USER must be the name or number of a user of this system"],
  [{ JOBS_USER: "root" }, "JOBS_USER must be the name or number of a user of this system, or UID:GID, and not root"],
] as const)("a user that jobs cannot run as: %o", ([env, message]) => {
  expect(() => loadConfig(env)).toThrow(message);
});

test("another user for jobs needs root and processes", () => {
  const isRoot = process.getuid?.() === 0;
  if (isRoot) expect(loadConfig({ JOBS_USER: "65534:65534" }).jobsUser).toEqual({ uid: 65_534, gid: 65_534 });
  const refused = isRoot ? "JOBS_USER needs SANDBOX=process" : "JOBS_USER needs a server that root has started";
  expect(() => loadConfig({ JOBS_USER: "65534:65534", SANDBOX: "thread" })).toThrow(refused);
});

test("an empty variable is one that is not set, and jobs do not see our secrets", () => {
  const config = loadConfig({ PORT: "", ADMIN_TOKEN: "0123456789abcdef", DATABASE_URL: "sqlite:x", HOME: "/home/ada" });
  expect(config.port).toBe(4000);
  expect(config.jobEnv).toEqual({ HOME: "/home/ada" });
});

test("custom fields are MODEL.KEY or MODEL.KEY:KIND, of every model that has some", () => {
  expect(loadConfig({ CUSTOM_FIELDS: "job.owner, job.tier2:integer,jobqueue.owner:json" }).customFields).toEqual([
    { model: "job", key: "owner", kind: "text" },
    { model: "job", key: "tier2", kind: "integer" },
    { model: "jobqueue", key: "owner", kind: "json" },
  ]);
  const models = MODELS.filter((model) => shapeOf(model).columns.has("_custom_field_data")).map(({ name }) => name.toLowerCase());
  expect(() => loadConfig({ CUSTOM_FIELDS: "user.a,job.Owner,job.a:list,job,job.b:text:text,job.c,job.c:float," })).toThrow(
    new StartError(
      [
        `CUSTOM_FIELDS has "user.a": its model must be one of ${models.toSorted().join(", ")}.`,
        `CUSTOM_FIELDS has "job.Owner": its key must be a letter and then letters, digits or _, all in lower case.`,
        `CUSTOM_FIELDS has "job.a:list": its kind must be one of text, integer, float, boolean, date, json.`,
        `CUSTOM_FIELDS has "job": a custom field is MODEL.KEY or MODEL.KEY:KIND.`,
        `CUSTOM_FIELDS has "job.b:text:text": a custom field is MODEL.KEY or MODEL.KEY:KIND.`,
        `CUSTOM_FIELDS has "job.c:float": the model has a field with this key already.`,
        `CUSTOM_FIELDS has "": a custom field is MODEL.KEY or MODEL.KEY:KIND.`,
      ].join("\n"),
    ),
  );
});

test("patterns of the sanitizer are a site's own, or none", () => {
  const SANITIZER_PATTERNS = '[["(enable secret) .*", "$1 (redacted)"]]';
  expect(loadConfig({ SANITIZER_PATTERNS }).sanitizerPatterns).toEqual([["(enable secret) .*", "$1 (redacted)"]]);
  expect(loadConfig({ SANITIZER_PATTERNS: "[]" }).sanitizerPatterns).toEqual([]);
  for (const wrong of ["x", '["a"]', '[["a"]]', "{}"])
    expect(() => loadConfig({ SANITIZER_PATTERNS: wrong })).toThrow("SANITIZER_PATTERNS must be JSON, a list of pairs");
});

test.for([
  ["https://jobs.example.com", "https://jobs.example.com"],
  ["HTTPS://Jobs.Example.com:443/", "https://jobs.example.com"],
  ["http://127.0.0.1:4000", "http://127.0.0.1:4000"],
])("PUBLIC_URL %s is the origin %s", ([text, origin]) => {
  expect(loadConfig({ PUBLIC_URL: text, CORS_ORIGINS: ` ${text} ,` })).toMatchObject({
    publicUrl: origin,
    corsOrigins: [origin],
  });
});

test.for([
  "jobs.example.com",
  "*",
  "https://jobs.example.com/path",
  "ftp://jobs.example.com",
  "https://u:p@jobs.example.com",
  "null",
])("%s is no origin", (text) => {
  expect(() => loadConfig({ PUBLIC_URL: text })).toThrow("PUBLIC_URL must be an origin");
  expect(() => loadConfig({ CORS_ORIGINS: `https://a.example,${text}` })).toThrow(
    `CORS_ORIGINS has "${text}", which must be an origin`,
  );
});

const RANDOM = "q7WzX2mTfK9vRb4LpYcD";
test.for([
  ["0.0.0.0", RANDOM.slice(0, 19), false],
  ["0.0.0.0", RANDOM, true],
  ["::", "a".repeat(40), false],
  ["jobs.example.com", "0123456789abcdef0123456789abcdef01234567", false],
  ["192.0.2.1", "change-me-change-me-change-me", false],
  ["192.0.2.1", "my-secret-admin-token-0123456789", false],
  ["127.0.0.1", "change-me-change-me", true],
  ["127.8.0.1", RANDOM.slice(0, 16), true],
  ["localhost", RANDOM.slice(0, 16), true],
  ["::1", RANDOM.slice(0, 16), true],
  ["127.example.com", RANDOM.slice(0, 16), false],
] as const)("on HOST %s the administrator's key %s is taken: %s", ([host, key, isTaken]) => {
  const load = () => loadConfig({ HOST: host, ADMIN_TOKEN: key });
  if (isTaken) expect(load()).toMatchObject({ host, adminToken: key });
  else {
    expect(load).toThrow(StartError);
    expect(load).toThrow(`ADMIN_TOKEN is short or easy to guess, and HOST=${host} lets other machines in`);
    expect(load).not.toThrow(key);
  }
});

test.for([
  [{ OIDC_ISSUER: "https://id.example.com" }, "OIDC_ISSUER, OIDC_CLIENT_ID and PUBLIC_URL belong together"],
  [{ OIDC_CLIENT_ID: "jobgraph", PUBLIC_URL: "https://a.example" }, "OIDC_ISSUER, OIDC_CLIENT_ID and PUBLIC_URL belong together"],
  [
    { OIDC_ISSUER: "https://id.example.com", OIDC_CLIENT_ID: "jobgraph" },
    "OIDC_ISSUER, OIDC_CLIENT_ID and PUBLIC_URL belong together",
  ],
  [{ OIDC_ISSUER: "http://id.example.com" }, "OIDC_ISSUER must be a URL with https"],
  [{ JWT_ISSUER: "https://id.example.com" }, "JWT_ISSUER, JWT_AUDIENCE and JWT_JWKS_URL belong together"],
  [{ JWT_JWKS_URL: "http://192.0.2.1/jwks" }, "JWT_JWKS_URL must be a URL with https"],
  [{ JWT_ALGORITHMS: "RS256,HS256" }, 'JWT_ALGORITHMS has "HS256", which must be one of RS256'],
  [{ JWT_ALGORITHMS: "none" }, 'JWT_ALGORITHMS has "none"'],
  [{ IDENTITY_LINK_USERS: "yes" }, "IDENTITY_LINK_USERS must be 0 or 1"],
] as const)("%j is refused", ([wrong, sentence]) => {
  expect(() => loadConfig(wrong)).toThrow(sentence);
});

test("a provider and an issuer are read with their claims, and jobs see no secret of theirs", () => {
  const config = loadConfig({
    PUBLIC_URL: "https://jobs.example.com",
    OIDC_ISSUER: "http://[::1]:8080/realms/ops",
    OIDC_CLIENT_ID: "jobgraph",
    OIDC_CLIENT_SECRET: "secret",
    OIDC_GROUPS_CLAIM: "groups",
    JWT_ISSUER: "ops",
    JWT_AUDIENCE: "jobgraph-api",
    JWT_JWKS_URL: "https://id.example.com/jwks",
    IDENTITY_GROUPS: "Red, Green",
  });
  expect(config).toMatchObject({
    oidc: {
      issuer: "http://[::1]:8080/realms/ops",
      clientId: "jobgraph",
      clientSecret: "secret",
      scopes: "openid profile email",
      claims: { username: "preferred_username", groups: "groups" },
    },
    jwt: { issuer: "ops", audience: "jobgraph-api", algorithms: ["RS256", "PS256", "ES256", "EdDSA"] },
    identities: { linkUsers: false, managedGroups: ["Red", "Green"] },
  });
  expect(config.jobEnv).not.toHaveProperty("OIDC_CLIENT_SECRET");
});

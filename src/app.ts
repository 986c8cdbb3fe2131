import "reflect-metadata";
import { pino, type Logger } from "pino";
import { letAdministratorIn, makeAdministrator } from "./access/administrator.ts";
import { auditChanges } from "./access/audit-changes.ts";
import { createAudit } from "./access/audit.ts";
import { createAuthenticator } from "./access/authenticate.ts";
import { createJwtVerifier } from "./access/identity/jwt.ts";
import { createLastUsed } from "./access/last-used.ts";
import { keepSecretKey } from "./access/secret-key.ts";
import type { Config } from "./config.ts";
import { ensureContentTypes } from "./entities/content-types.ts";
import { openDatabase } from "./entities/database.ts";
import { AppError, StartError } from "./errors.ts";
import { createMemoryBroker } from "./runner/messaging/brokers/memory.ts";
import { openRedisChannel } from "./runner/messaging/channels/redis.ts";
import { openSharedNotifier } from "./runner/messaging/shared-notifier.ts";
import { type Clock, createVault, openRunner, SHUTDOWN_ABORT_MS, systemClock } from "./runner/index.ts";
import { openSandbox as openOwnSandbox } from "./runner/sandbox/host/cells.ts";
import { openTemplates } from "./runner/triggers/templates.ts";
import { createExecutor, interpreter } from "./schema/execution/execute.ts";
import { createSchema } from "./schema/index.ts";
import { knownRefusal } from "./schema/execution/known-refusals.ts";
import { createRunOperations, type RunOperations } from "./schema/types/run/run-operations.ts";
import { createIdentityUsers } from "./server/sign-in/identity-users.ts";
import { openServer, type ServerDeps } from "./server/server.ts";
import { loadTrustedDocuments } from "./server/trusted-documents.ts";

/** A running server with everything it stands on. */
export interface App {
  /** URL of the server, without a path. */
  readonly url: string;
  /** Key of the administrator that this start created; shown to nobody else, ever. */
  readonly newKey: string | undefined;
  /** Closes in the order that loses nothing: no new requests, no new runs, running ones recorded, database last. */
  close(): Promise<void>;
}

/** Parts that the code that opens an app may bring. */
export interface AppParts extends Pick<ServerDeps, "plugins"> {
  clock?: Clock | undefined;
  openSandbox?: typeof openOwnSandbox;
}

/**
 * Opens all parts in order. Closes the opened parts, the last first, when a later part fails or when the app closes.
 * @throws StartError for an invalid configuration.
 */
export async function openApp(
  config: Config,
  log: Logger = pino({ level: config.logLevel }, pino.destination(2)),
  { clock = systemClock, openSandbox = openOwnSandbox, plugins }: AppParts = {},
): Promise<App> {
  const audit = createAudit(log);
  const opened: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const closeOne of opened.splice(0).toReversed()) await closeOne();
  };
  try {
    const schema = createSchema(config.customFields);
    const trusted =
      config.trustedDocuments === undefined ? undefined : await loadTrustedDocuments(config.trustedDocuments, schema);
    if (trusted) log.info({ documents: trusted.size }, "trusted documents read");
    const database = await openDatabase(config.databaseUrl, config);
    opened.push(() => database.close());
    await database.alone(async () => {
      const migrated = await database.migrate();
      if (migrated.length > 0) log.info({ migrations: migrated }, "database migrated");
      await ensureContentTypes(database);
      if (config.adminToken !== undefined) await letAdministratorIn(database, config.adminToken);
    });

    const { redisUrl } = config;
    const openChannel: typeof database.openChannel =
      redisUrl === undefined ? database.openChannel : (listener) => openRedisChannel(redisUrl, listener);
    const notifier = openChannel && (await openSharedNotifier(openChannel, log));
    if (notifier) opened.push(() => notifier.close());
    const broker = createMemoryBroker(notifier);
    opened.push(() => broker.close());
    const sandbox = openSandbox(config.sandbox, {
      env: config.jobEnv,
      spares: config.spareSandboxes,
      shared: config.workerConcurrency,
      graceMs: Math.max(config.cancelGraceMs, SHUTDOWN_ABORT_MS),
      memoryLimitMb: config.memoryLimitMb,
      maxLines: config.maxRunLines,
      user: config.jobsUser,
      onOutput: (stream, text) => log.info({ stream }, text.trimEnd()),
    });
    opened.push(() => sandbox.close());
    const templates = openTemplates();
    opened.push(() => templates.close());
    // Runs may begin before the runner is open, and the operations of jobs need an open runner.
    const operations = Promise.withResolvers<RunOperations>();
    const runner = await openRunner({
      database,
      broker,
      sandbox,
      templates,
      jobsRoot: config.jobsRoot,
      systemJobsRoot: config.systemJobsRoot,
      concurrency: config.workerConcurrency,
      timeLimits: { softMs: config.softTimeLimitMs, hardMs: config.timeLimitMs },
      cancelGraceMs: config.cancelGraceMs,
      leaseMs: config.leaseMs,
      idempotencyTtlMs: config.idempotencyTtlMs,
      vault: createVault(config.secretKey ?? (await keepSecretKey(config.secretKeyFile))),
      sanitizerPatterns: config.sanitizerPatterns,
      clock,
      fileStore: {
        root: config.filesRoot,
        maxBytes: config.maxFileBytes,
        maxRunBytes: config.maxRunFilesBytes,
        maxRunFiles: config.maxRunFiles,
      },
      onChanged: (changes) => auditChanges(audit, changes),
      executeOperation: async (operation) => (await operations.promise).execute(operation),
      log,
    });
    const executor = config.compiledExecution ? createExecutor(schema) : interpreter;
    const runOperations = createRunOperations({ database, runner, limits: config, schema, executor, log });
    operations.resolve(runOperations);
    opened.push(() => runOperations.close());
    opened.push(() => runner.close(config.shutdownGraceMs));
    const lastUsed = createLastUsed(database);
    opened.push(() => lastUsed.close());
    const userOf = createIdentityUsers({ database, changed: (changes) => runner.changed(changes), settings: config.identities });
    const verifyJwt =
      config.jwt && createJwtVerifier(config.jwt, (err) => log.warn({ err }, "the keys of the issuer could not be read"));
    const authenticate = createAuthenticator(database, config.authCacheMs, {
      maxFailuresPerMinute: config.maxFailedKeysPerMinute || Infinity,
      lastUsed,
      now: () => clock.now(),
      audit,
      verifyJwt:
        verifyJwt &&
        (async (token) => {
          const { identity, expires } = await verifyJwt(token);
          return { userId: (await userOf(identity)).id, expires };
        }),
    });
    const server = await openServer(
      {
        database,
        runner,
        authenticate,
        limits: config,
        browsers: config,
        userOf,
        audit,
        documents: { introspection: config.introspection, trusted, untrusted: config.untrustedDocuments },
        webhookSecret: config.webhookSecret,
        plugins,
        clock,
        log,
        host: config.host,
        port: config.port,
      },
      schema,
      executor,
    );
    opened.push(() => server.close());
    // Last of all: a start that fails must not leave a key that nobody has seen.
    return { url: server.url, newKey: await makeAdministrator(database), close };
  } catch (error) {
    await close();
    const refusal = error instanceof AppError ? error : knownRefusal(error as Error);
    throw refusal ? new StartError(`DATABASE_URL: ${refusal.message}`) : error;
  }
}

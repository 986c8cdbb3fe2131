import { closeSync, readFileSync } from "node:fs";
import { SECRET_SETTINGS } from "./secret-settings.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Names the descriptor that secrets come by, in a process that was started again without them. */
const SECRETS_FD = "JOBGRAPH_SECRETS_FD";
const FD = 3;

/**
 * Settings of glibc's memory allocator, which reads them once, when a program starts: one arena, and freed Buffers of a MiB and more go back to the system.
 * Without them a server that has read large results keeps up to 100 MB more; with a threshold of 128 KiB answers of 200 KB take a tenth longer.
 */
const ALLOCATOR = { MALLOC_ARENA_MAX: "1", MALLOC_MMAP_THRESHOLD_: "1048576", MALLOC_TRIM_THRESHOLD_: "8388608" };

/**
 * Starts this process again, with the same id, if its environment holds secrets: Linux shows the environment that a process was started with in
 * `/proc/<pid>/environ` to all processes of the same user, and nothing that the process does later changes that. A shell gets the secrets,
 * hands them on by a pipe, and becomes this program again. Returns without effect where that is not possible: on Windows, before Node 22.15,
 * and under a program that talks to this process, such as Node's own watch mode.
 */
export function hideSecrets(env: Environment): void {
  const secrets = Object.fromEntries(SECRET_SETTINGS.filter((name) => env[name]).map((name) => [name, env[name]]));
  if (Object.keys(secrets).length === 0 || !process.execve || process.platform === "win32" || process.connected) return;
  const script = `exec ${FD}<<END\n$JOBGRAPH_SECRETS\nEND\nunset JOBGRAPH_SECRETS; exec "$@"`;
  const rest = Object.entries(env).filter(([name, value]) => value !== undefined && !(name in secrets)) as [string, string][];
  process.execve("/bin/sh", ["sh", "-c", script, "sh", process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    ...ALLOCATOR,
    ...Object.fromEntries(rest),
    JOBGRAPH_SECRETS: JSON.stringify(secrets),
    [SECRETS_FD]: String(FD),
  });
}

/** Returns the environment with the secrets that {@link hideSecrets} took out of it. */
export function withSecrets({ [SECRETS_FD]: fd, ...env }: Environment): Environment {
  if (fd === undefined) return env;
  const secrets = JSON.parse(readFileSync(Number(fd), "utf8")) as Record<string, string>;
  closeSync(Number(fd));
  return { ...env, ...secrets };
}

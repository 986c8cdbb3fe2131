import { Session } from "node:inspector";
import { isMainThread } from "node:worker_threads";

/**
 * From now on, `process.kill` refuses to end the server, and a thread cannot debug it. It keeps careless jobs from that and no hostile one:
 * only another user can (`JOBS_USER`).
 */
export function guardServer(): void {
  const { kill, pid: own, ppid: parent } = process;
  // In a thread this process is the server itself.
  const servers = new Set(isMainThread ? [parent, -parent, -1] : [own, -own, 0, parent, -parent, -1]);
  process.kill = (pid, signal) => {
    if (signal === 0 || !servers.has(Number(pid))) return kill.call(process, pid, signal);
    throw new Error(`A job may not end the server, which process.kill(${pid}) would do.`);
  };
  Session.prototype.connectToMainThread = () => {
    throw new Error("A job may not debug the server.");
  };
}

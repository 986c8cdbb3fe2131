import { readdirSync, readFileSync } from "node:fs";

const PAGE_BYTES = 4096;

/** Longest time that the list of a group's processes is taken for true: to find them, all of the machine's have to be asked. */
const GROUPS_MS = 250;

/** Returns the bytes of memory of its own that a process has in use, as Linux tells; undefined elsewhere and once it is gone. */
export function ownBytes(pid: number): number | undefined {
  const [, resident, shared] = read(`/proc/${pid}/statm`)?.split(" ").map(Number) ?? [];
  return resident === undefined ? undefined : (resident - shared!) * PAGE_BYTES;
}

let groups = new Map<number, number[]>();
let groupsAt = -Infinity;

/** Returns the ids of the other processes in the group that a process leads, as they were a moment ago. A single walk serves all groups. */
export function othersInGroup(leader: number): readonly number[] {
  if (performance.now() - groupsAt > GROUPS_MS) {
    groups = Map.groupBy(processes(), groupOf);
    groupsAt = performance.now();
  }
  return groups.get(leader)?.filter((pid) => pid !== leader) ?? [];
}

function processes(): number[] {
  try {
    return readdirSync("/proc").map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** The name of the program, which may hold anything, is in parentheses. */
function groupOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`) ?? "";
  return Number(stat.slice(stat.lastIndexOf(")") + 1).split(" ")[3] ?? 0);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}

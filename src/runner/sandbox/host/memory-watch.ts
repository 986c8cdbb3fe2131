import type { Worker } from "node:worker_threads";
import { othersInGroup, ownBytes } from "./process-memory.ts";
import type { Excess } from "./vessel.ts";

type OnOver = (what: Excess) => void;

/** Processes of one run, its own included. */
export const MAX_PROCESSES = 200;

const MIB = 1024 * 1024;

/** Pause between two looks. */
const INTERVAL_MS = 50;
/** Looks in a row that find too much: a part of it may be garbage that is just about to be collected. */
const LOOKS = 4;
/** So many times the limit is too much at once. */
const FAR_OVER = 1.5;

/**
 * Margin of the engine's limit over ours, in MiB. The engine collects garbage harder when its limit comes near, and then ends the thread; but when
 * one large array or text does not fit any more, it ends the whole process. So its limit must be too far away for that, and the watch is what ends a
 * run.
 */
const ENGINE_HEADROOM_MB = 1024;

/** Heap that the engine is given for a limit of ours. */
export const engineLimitMb = (limitMb: number) => limitMb + ENGINE_HEADROOM_MB;

/**
 * Watches the memory of a thread, JavaScript objects and Buffers together, also while it runs a loop without end. Memory that threads share, and memory of
 * native code, is not seen.
 * @param onOver is called once, when the thread has more than the limit.
 * @returns a function that ends the watch.
 */
export function watchThread(worker: Worker, limitMb: number, onOver: OnOver): () => void {
  return watch(limitMb, onOver, async () => {
    // It rejects when the thread is gone, and stays unanswered while the thread is inside a native call.
    const heap = await worker.getHeapStatistics().catch(() => undefined);
    return heap && heap.used_heap_size + heap.external_memory;
  });
}

/**
 * Watches the memory that a process has taken since the watch began, that of all processes of its group, and their number; as {@link watchThread} otherwise.
 */
export function watchProcess(pid: number, limitMb: number, onOver: OnOver): () => void {
  const before = groupBytes(pid) ?? 0;
  return watch(limitMb, onOver, async () => {
    if (othersInGroup(pid).length >= MAX_PROCESSES) return "processes";
    const now = groupBytes(pid);
    return now && now - before;
  });
}

function groupBytes(leader: number): number | undefined {
  const own = ownBytes(leader);
  return own && othersInGroup(leader).reduce((sum, pid) => sum + (ownBytes(pid) ?? 0), own);
}

/** @param limitMb 0 for none. */
function watch(limitMb: number, onOver: OnOver, measure: () => Promise<number | "processes" | undefined>): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  let looks = 0;

  async function look(): Promise<void> {
    const taken = await measure();
    if (taken === undefined || isOver) return;
    if (taken === "processes") return onOver(taken);
    const share = limitMb === 0 ? 0 : taken / MIB / limitMb;
    looks = share > 1 ? looks + 1 : 0;
    if (share > FAR_OVER || looks >= LOOKS) return onOver("memory");
    next();
  }
  function next(): void {
    timer = setTimeout(() => void look(), INTERVAL_MS);
    timer.unref();
  }
  next();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

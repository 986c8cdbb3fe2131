import { expect, onTestFinished, test, vi } from "vitest";
import { systemClock } from "../../src/runner/index.ts";

const DAY = 86_400_000;

function stopTime(): void {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
}

test("the machine's clock wakes at the time, also where that is further than a timer reaches", () => {
  stopTime();
  const act = vi.fn<() => void>();
  systemClock.wakeAt(systemClock.now() + 40 * DAY, act);
  vi.advanceTimersByTime(40 * DAY - 1);
  expect(act).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  vi.runOnlyPendingTimers();
  expect(act).toHaveBeenCalledOnce();
});

test("a time that has passed wakes soon, and a wish that is taken back never", () => {
  stopTime();
  const [late, never] = [vi.fn<() => void>(), vi.fn<() => void>()];
  systemClock.wakeAt(systemClock.now() - DAY, late);
  for (const time of [-DAY, DAY]) systemClock.wakeAt(systemClock.now() + time, never)();
  expect(late).not.toHaveBeenCalled();
  vi.advanceTimersByTime(2 * DAY);
  expect(late).toHaveBeenCalledOnce();
  expect(never).not.toHaveBeenCalled();
});

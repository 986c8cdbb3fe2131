import { expect, onTestFinished, test, vi } from "vitest";
import { systemClock } from "../../../src/runner/index.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

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

test.for([
  { words: "set back and right again", jumps: [-3 * HOUR, 3 * HOUR] },
  { words: "set forward", jumps: [3 * HOUR] },
  { words: "set back and forward again and again", jumps: [-DAY, -DAY, 2 * DAY, -HOUR, HOUR] },
])("a clock that is $words ends each wait for a time within a minute after it has come", ({ jumps }) => {
  for (const pause of [1, 30_000, 59_999, 10 * 60_000]) {
    vi.useFakeTimers();
    const time = systemClock.now() + 5 * 60_000;
    const wokenAt: number[] = [];
    // Everybody who waits looks at the clock when woken, and waits on when it is not yet time.
    const look = () => void (systemClock.now() >= time ? wokenAt.push(systemClock.now()) : systemClock.wakeAt(time, look));
    look();
    for (const jump of jumps) {
      vi.setSystemTime(Date.now() + jump);
      vi.advanceTimersByTime(pause);
    }
    vi.advanceTimersByTime(Math.max(0, time - systemClock.now()) + 60_001);
    expect(wokenAt).toHaveLength(1);
    vi.useRealTimers();
  }
});

test("a wait for a while ends within a minute when the clock is set back, and so begins again", () => {
  stopTime();
  const act = vi.fn<() => void>();
  systemClock.wakeAt(systemClock.now() + 2000, act);
  vi.advanceTimersByTime(1000);
  vi.setSystemTime(Date.now() - 3 * HOUR);
  vi.advanceTimersByTime(60_000);
  expect(act).toHaveBeenCalledOnce();
});

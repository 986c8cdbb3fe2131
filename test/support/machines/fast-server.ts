import type { Clock } from "../../../src/runner/index.ts";

/*
 * The built server with a clock that is faster than the machine's, so that a minute of a crontab is a second. All that begin at the same
 * moment of `FAST_SINCE` show the same time.
 */
const FACTOR = 60;

/** Milliseconds since the epoch on a clock that was right at `since`, and is fast from there on. */
export const fastNow = (since: number) => since + (Date.now() - since) * FACTOR;

if (process.argv[1] === import.meta.filename) {
  const load = async (path: string) => import(new URL(`../../../dist/${path}`, import.meta.url).href);
  const { openApp } = (await load("app.js")) as typeof import("../../../src/app.ts");
  const { loadConfig } = (await load("config.js")) as typeof import("../../../src/config.ts");
  const since = Number(process.env["FAST_SINCE"]);
  const clock: Clock = {
    now: () => fastNow(since),
    wakeAt(time, act) {
      const timer = setTimeout(act, Math.max(0, (time - fastNow(since)) / FACTOR));
      return () => clearTimeout(timer);
    },
  };
  const { url } = await openApp(loadConfig(process.env), undefined, { clock });
  console.log(`Jobgraph listens at ${url}/graphql`);
}

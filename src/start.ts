import { openApp } from "./app.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { loadConfig } from "./config.ts";
import { StartError } from "./errors.ts";
import { withSecrets } from "./hide-secrets.ts";
import { stopOnSignals } from "./stop-on-signals.ts";

// Node would open a debugger for every process of this user.
process.on("SIGUSR1", () => undefined);

try {
  const app = await openApp(loadConfig(withSecrets(process.env)));
  const page = `${app.url}/graphql`;
  if (app.newKey) console.log(`Administrator's key, shown only now: ${app.newKey}`);
  console.log(`Jobgraph listens at ${page}${app.newKey ? `\nOpen ${page}#token=${app.newKey}` : ""}`);
  stopOnSignals(() => app.close());
  collectGarbage();
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

import "reflect-metadata";
import { letAdministratorIn, makeAdministrator } from "../access/administrator.ts";
import { loadConfig } from "../config.ts";
import { openDatabase } from "../entities/database.ts";
import { StartError } from "../errors.ts";
import { fill } from "./seed/fill.ts";
import { readOptions, type SeedOptions, USAGE } from "./seed/options.ts";

// `npm run seed` fills a database with made-up jobs and runs, for people who look around and for benchmarks.
async function seed(options: SeedOptions): Promise<void> {
  const began = performance.now();
  const { databaseUrl, adminToken } = loadConfig(process.env);
  const database = await openDatabase(databaseUrl);
  try {
    await database.migrate();
    // Before anybody else is stored: a start of the server makes an administrator only while there is nobody.
    if (adminToken !== undefined) await letAdministratorIn(database, adminToken);
    const newKey = await makeAdministrator(database);
    if (newKey) console.log(`Administrator's key, shown only now: ${newKey}`);
    const { jobs, results, lines } = await fill(database, options, new Date());
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    console.log(`Stored ${count(jobs, "job")}, ${count(results, "result")} and ${count(lines, "line")} in ${seconds} s.`);
  } finally {
    await database.close();
  }
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options) await seed(options);
  else console.log(USAGE);
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

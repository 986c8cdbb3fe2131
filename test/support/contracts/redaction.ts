import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Isolation } from "../../../src/sdk/define-job.ts";
import type { Sandbox } from "../../../src/runner/sandbox/sandbox.ts";
import { writeJobs } from "../app.ts";
import { listen } from "../listen.ts";

const SOURCE = String.raw`
import { setTimeout as delay } from "node:timers/promises";
const job = (name, run, more = {}) => defineJob({ name, run, variables: z.object({ secret: z.string().optional() }), ...more });

export const Tells = job("Tells", async ({ logger, progress, createFile, data }) => {
  const { secret } = data;
  logger.info("it is " + secret, { grouping: secret, object: { display: secret, absoluteUrl: "/" + secret } });
  logger.info("x".repeat(99_990) + secret);
  progress(1, 2, secret);
  console.log(secret, { secret }, Buffer.from(secret));
  process.stdout.write("split: " + secret.slice(0, 3));
  await delay(1);
  process.stdout.write(secret.slice(3) + "\n");
  console.error(btoa("user:" + secret));
  const file = await createFile(secret + ".txt", "content");
  process.stdout.write(secret.slice(0, 4));
  return { [secret]: [secret, file.name], url: encodeURIComponent(secret) };
});
export const Throws = job("Throws", ({ data }) => { throw new Error("wrong: " + data.secret, { cause: new Error(data.secret) }); });
export const Rejects = job("Rejects", async ({ data }) => { Promise.reject(new Error(data.secret)); await delay(1000); });
export const Crashes = job("Crashes", async ({ data }) => {
  process.removeAllListeners("uncaughtException");
  setTimeout(() => { throw new Error("crashed: " + data.secret); });
  await delay(1000);
});
export const Refuses = job("Refuses", () => undefined, { variables: z.object({ secret: z.string().refine((text) => false, { error: ({ input }) => "not " + input }) }) });
export const Fails = job("Fails", () => { throw new Error("run"); }, {
  onFailure: ({ data }) => { throw new Error(data.secret); },
  afterReturn: ({ data }, outcome) => { if (data.secret) throw new TypeError(data.secret); },
});
let kept;
export const Keeps = job("Keeps", ({ data }) => { const before = kept ?? null; kept = data.secret; setInterval(() => console.log(kept), 1); return before; }, { isolation: "shared" });
export const Asks = job("Asks", () => kept ?? "nothing", { isolation: "shared" });
export const Config = job("Config", ({ logger }) => { logger.info("enable secret 5 $1$abc"); console.log("https://ada:pw@host/"); });
`;

const SECRET = `c4n4ry-"q'uote&Ü`;

/** The promises of a sandbox about secrets, run against each implementation. */
export function redactionContract(open: (onOutput: (stream: string, text: string) => void) => Sandbox): void {
  async function setup() {
    let output = "";
    const sandbox = open((_stream, text) => void (output += text));
    onTestFinished(() => sandbox.close());
    const file = join(await writeJobs({ "jobs.ts": SOURCE }), "jobs.ts");
    return {
      output: () => output,
      async run(exportName: string, { secrets = [SECRET], isolation = "run" as Isolation } = {}) {
        const { on, ...said } = listen();
        const task = {
          file,
          exportName,
          isolation,
          data: secrets.length > 0 ? { secret: SECRET } : {},
          dryRun: false,
          limits: { softMs: 60_000, hardMs: 120_000 },
          user: null,
          jobResult: { id: "r", name: exportName, token: "t" },
          redaction: { secrets, patterns: [["(enable secret) .*", "$1 hidden"] as const] },
        };
        const outcome = await sandbox.run(task, on, new AbortController().signal);
        return { outcome, ...said };
      },
    };
  }

  /** Any spelling of the secret that could be read again. */
  const spellings = [
    SECRET,
    JSON.stringify(SECRET).slice(1, -1),
    encodeURIComponent(SECRET),
    "c4n4ry",
    btoa("user:c4n4ry").slice(0, -4),
  ];
  const expectHidden = (said: unknown) => {
    const text = JSON.stringify(said);
    for (const spelling of spellings) expect(text).not.toContain(spelling);
    expect(text).toContain("(redacted)");
  };

  test("a secret is in nothing that a run says, leaves or returns", async () => {
    const { run, output } = await setup();
    const said = await run("Tells");
    expectHidden(said);
    expect(said.lines[0]).toMatchObject({
      message: "it is (redacted)",
      grouping: "(redacted)",
      log_object: "(redacted)",
      absolute_url: "/(redacted)",
    });
    expect(said.lines[1]!.message).toMatch(/^x+(\(redacted\)|…).*$/);
    expect(said.progress).toEqual([{ done: 1, total: 2, message: "(redacted)" }]);
    const printed = said.printed.filter(({ output_type }) => output_type === "STDOUT").map(({ text }) => text);
    expect(printed.join("")).toMatch(/^\(redacted\) \{ secret: .*\(redacted\).* \} <Buffer .*>\nsplit: \(redacted\)\n/);
    // A text that might have begun a secret is printed in the end.
    expect(printed.at(-1)).toBe("c4n4");
    expect(said.files.map(({ name, bytes }) => [name, bytes.toString()])).toEqual([["(redacted).txt", "content"]]);
    expect(said.outcome).toEqual({
      kind: "success",
      result: { "(redacted)": ["(redacted)", "(redacted).txt"], url: "(redacted)" },
    });
    expect(output()).toBe("");
  });

  test.for(["Throws", "Rejects", "Crashes", "Refuses", "Fails"])("nor in its error: %s", async (exportName) => {
    const { run, output } = await setup();
    const said = await run(exportName);
    expect(said.outcome.kind).toBe("failure");
    expectHidden([said, output()]);
  });

  test("a run never meets the leftovers in a shared module of a run with secrets", async () => {
    const { run, output } = await setup();
    const shared = { isolation: "shared" as const };
    expect((await run("Keeps", shared)).outcome).toEqual({ kind: "success", result: null });
    const said = await run("Asks", { ...shared, secrets: [] });
    expect(said.outcome).toEqual({ kind: "success", result: "nothing" });
    for (const spelling of spellings) expect(output() + JSON.stringify(said)).not.toContain(spelling);
  });

  test("patterns of the site are hidden in every run", async () => {
    const { run } = await setup();
    const { lines, printed } = await run("Config", { secrets: [] });
    expect(lines[0]!.message).toBe("enable secret hidden");
    expect(printed[0]!.text).toBe("https://ada:pw@host/\n");
  });
}

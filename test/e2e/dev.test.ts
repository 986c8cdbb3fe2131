import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { openMiniature } from "../support/machines/miniature.ts";

const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: { dev: string } };

/** In place of the server: it says which code, bundle and page it would serve, and stays until it is told to end. */
const SERVER = `import { readFileSync } from "node:fs";
import { WORD } from "./word.ts";
const has = (path: string) => /first|second|third/.exec(readFileSync(path, "utf8"))?.[0];
const stay = setInterval(() => {}, 1000);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => { console.log("ended"); clearInterval(stay); });
console.log(\`\${WORD} \${has("dist/sandbox/entry.js")} \${has("dist/graphiql/index.html")}\`);
`;
const word = (text: string) => `export const WORD = "${text}";\n`;
const page = (text: string) => `<!doctype html><title>${text}</title><script type="module" src="./main.ts"></script>\n`;

test("npm run dev builds code, bundle and page anew when a source changes, starts again, and ends with Ctrl-C", async () => {
  const it = await openMiniature();
  await it.write("src/main.ts", SERVER);
  const [program, ...args] = scripts.dev.split(" ");
  expect(program).toBe("node");
  // A group of its own, as a terminal gives it: Ctrl-C reaches all that is in it.
  const child = spawn(process.execPath, args, { cwd: it.folder, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const toAll = (signal: NodeJS.Signals) => process.kill(-child.pid!, signal);
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null) toAll("SIGKILL");
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const said = (text: string) => expect.poll(() => output).toContain(text);

  await said("first first first");
  await it.write("src/word.ts", word("second"));
  await said("second second first");
  await it.write("graphiql/index.html", page("third"));
  await said("second second third");
  await it.write("src/word.ts", `${word("wrong")}const wrong: number = WORD;\n`);
  await said("src/word.ts(2,7): error");
  await it.write("src/word.ts", word("third"));
  await said("third third third");
  const closed = once(child, "close");
  toAll("SIGINT");
  await closed;
  expect(output).toMatch(/ended\s*$/);
  expect(() => toAll("SIGINT")).toThrow("ESRCH");
});

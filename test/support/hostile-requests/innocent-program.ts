import { Agent, request } from "node:http";

/* The program of an innocent client: a small query each few milliseconds, whether or not the one before was answered. */

/** Outcomes of the queries that were due in a while. */
export interface Samples {
  /** Milliseconds from when each was due to its answer's end. */
  latencies: number[];
  /** Answers that were not right. */
  wrong: string[];
}

const EVERY_MS = 10;
const QUERIES = [
  "{ jobs(limit: 3) { id name enabled } }",
  "{ job_results(limit: 5) { id name status job_model { name } } }",
  "{ job_log_entries(limit: 5) { sequence message } }",
];

const [, , url, key] = process.argv as [string, string, string, string];
const agent = new Agent({ keepAlive: true, maxSockets: 32, maxFreeSockets: 4 });
let samples: Samples = { latencies: [], wrong: [] };
let underWay = 0;
/** So many samples are waited for; then nothing more is asked until all are there. */
let wanted: number | undefined;

const isTaking = () => wanted !== undefined && samples.latencies.length + underWay >= wanted;

function giveWhenDone(): void {
  if (!isTaking() || underWay > 0) return;
  process.send!(samples);
  samples = { latencies: [], wrong: [] };
  wanted = undefined;
  due = performance.now();
}

function ask(query: string, due: number): void {
  const into = samples;
  underWay += 1;
  const end = (answer: string, expected: string) => {
    into.latencies.push(performance.now() - due);
    if (!answer.startsWith(expected)) into.wrong.push(`${query}: ${answer.slice(0, 300)}`);
    underWay -= 1;
    giveWhenDone();
  };
  const headers = { "content-type": "application/json", authorization: `Token ${key}` };
  const asked = request(`${url}/graphql`, { method: "POST", agent, headers }, (response) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (piece: string) => (text += piece));
    response.on("end", () => end(text, `{"data":{"${/\w+/.exec(query)![0]}":[{`));
  });
  asked.on("error", (error: NodeJS.ErrnoException) => {
    // The server closed a connection that nobody had used for a while, just when we did: every client asks again.
    if (asked.reusedSocket && error.code === "ECONNRESET") {
      underWay -= 1;
      ask(query, due);
    } else end(String(error), "no error");
  });
  asked.end(JSON.stringify({ query }));
}

let count = 0;
let due = performance.now();
function tick(): void {
  for (; due <= performance.now(); due += EVERY_MS) if (!isTaking()) ask(QUERIES[count++ % QUERIES.length]!, due);
  setTimeout(tick, Math.max(0, due - performance.now()));
}

process.on("message", (atLeast: number) => {
  wanted = atLeast;
  giveWhenDone();
});
tick();
process.send!("ready");

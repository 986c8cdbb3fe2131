// Runs a job and prints its log as it comes: KEY=… node examples/follow.mjs CLASS_PATH ['{"variable": "value"}']
import { createClient } from "graphql-ws";
import { serverUrls } from "jobgraph/client";
import WebSocket from "ws";

const [classPath, data = "{}"] = process.argv.slice(2);
const { KEY, JOBGRAPH_URL } = process.env;
if (!classPath || !KEY) end(`KEY=… node examples/follow.mjs CLASS_PATH ['{"variable": "value"}'], with your key in KEY`);

const url = socketUrl(JOBGRAPH_URL || "http://127.0.0.1:4000");
const client = createClient({
  url,
  webSocketImpl: WebSocket,
  connectionParams: { Authorization: `Token ${KEY}` },
  retryAttempts: 0,
});

/** Prints one sentence, and ends. */
function end(message) {
  console.error(message);
  process.exit(1);
}

/** Returns the URL at which a server has subscriptions. */
function socketUrl(server) {
  try {
    return serverUrls(server).socketUrl;
  } catch (error) {
    end(`JOBGRAPH_URL: ${error.message}`);
  }
}

/** Returns a sentence for the end of a socket: an error, errors of GraphQL, or the event of a socket that was closed or never open. */
function sentence(error) {
  if (Array.isArray(error)) return error.map(sentence).join("\n");
  if (error.code) return `${url}: closed with ${error.code} ${error.reason ?? ""}`;
  if (error.type === "error") return `${url} cannot be reached: ${error.message.trim() || error.error.code}`;
  return error.message;
}

/** Answers of an operation: one for a query or mutation, one an event for a subscription. */
async function* ask(query, variables) {
  for await (const { data: answer, errors } of client.iterate({ query, variables })) {
    if (errors) throw errors;
    yield answer;
  }
}
const first = async (answers) => (await answers.next()).value;

try {
  const { run_job } = await first(
    ask(`mutation ($job: String, $data: GenericScalar) { run_job(class_path: $job, data: $data) { id } }`, {
      job: classPath,
      data: JSON.parse(data),
    }),
  );
  for await (const { job_log_entries } of ask(
    `subscription ($id: ID!) { job_log_entries(job_result_id: $id) { sequence log_level message } }`,
    { id: run_job.id },
  )) {
    for (const { sequence, log_level, message } of job_log_entries) console.log(sequence, log_level, message);
  }
  const { job_result } = await first(
    ask(`query ($id: ID!) { job_result(id: $id) { status result error { type message } } }`, { id: run_job.id }),
  );
  const { status, result, error } = job_result;
  console.log(status, error ? `${error.type}: ${error.message}` : JSON.stringify(result));
  client.dispose();
} catch (error) {
  end(sentence(error));
}

import { type Client, createClient } from "../client.ts";
import { KEY } from "../server.ts";
import { median, p99 } from "../statistics.ts";
import { type Bench, repeat, type Row, type Workload } from "../workload.ts";
import { prepare } from "./reading/ask.ts";
import { DATA_SET, QUERIES, type ReadQuery } from "./reading/queries.ts";

/** Median of a constrained user over that of a superuser that is still good. */
const BAR = 1.25;

/** The queries of `reading`, by a superuser and by a user whose permissions have constraints, in turns: the price of the constraints. */
export const permissions: Workload = {
  name: "permissions",
  async run(bench) {
    const server = await bench.startServer(await bench.seededDatabase(...DATA_SET), { jobs: false });
    const superuser = createClient(server.url, KEY);
    const constrained = createClient(server.url, await constrainedKey(superuser));
    const rows: Row[] = [];
    for (const query of QUERIES.filter((one) => one.rows > 0))
      rows.push(...(await measure(bench, superuser, constrained, query)));
    for (const client of [superuser, constrained]) client.close();
    await server.stop();
    return rows;
  },
};

/** Makes a user who may view jobs, runs and lines under conditions that all of them fulfil, so that the answers are those of a superuser. */
async function constrainedKey(superuser: Client): Promise<string> {
  const { jobs } = await superuser.query<{ jobs: { grouping: string }[] }>("{ jobs { grouping } }");
  const ended = ["SUCCESS", "FAILURE", "REVOKED"];
  const { create_user: user } = await superuser.query<{ create_user: { id: string } }>(
    `mutation { create_user(data: { username: "constrained" }) { id } }`,
  );
  for (const [kind, constraints] of Object.entries({
    "extras.job": { grouping__in: [...new Set(jobs.map(({ grouping }) => grouping))] },
    "extras.jobresult": [{ user: "$user" }, { status__in: ended }],
    "extras.joblogentry": [{ job_result__user: "$user" }, { job_result__status__in: ended }],
  }))
    await superuser.query(`mutation ($data: CreateObjectPermissionInput!) { create_object_permission(data: $data) { id } }`, {
      data: { name: `View ${kind}`, actions: ["view"], object_types: [kind], users: [user.id], constraints },
    });
  const { create_token } = await superuser.query<{ create_token: { key: string } }>(
    `mutation ($user: String!) { create_token(user: $user) { key } }`,
    { user: user.id },
  );
  return create_token.key;
}

async function measure(bench: Bench, superuser: Client, constrained: Client, query: ReadQuery): Promise<Row[]> {
  const ask = await prepare(superuser, query);
  const spell = bench.quick ? 200 : 3000;
  const inTurns = async () => {
    const took = { superuser: [] as number[], constrained: [] as number[] };
    for (const end = performance.now() + spell; performance.now() < end;) {
      took.superuser.push(await timed(() => ask(superuser)));
      took.constrained.push(await timed(() => ask(constrained)));
    }
    return took;
  };
  await inTurns();
  const measured = await repeat(bench, inTurns);
  const all = measured.map((one) => one.superuser);
  const some = measured.map((one) => one.constrained);
  const ratios = measured.map((_, n) => [median(some[n]!) / median(all[n]!)]);
  return [
    { name: `${query.name}: superuser, p50`, unit: "ms", statistic: median, repetitions: all },
    { name: "… constrained, p50", unit: "ms", statistic: median, repetitions: some },
    { name: "… superuser, p99", unit: "ms", statistic: p99, repetitions: all },
    { name: "… constrained, p99", unit: "ms", statistic: p99, repetitions: some },
    { name: `… ratio of the medians, at most ${BAR}`, unit: "×", statistic: median, repetitions: ratios },
  ];
}

async function timed(act: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await act();
  return performance.now() - began;
}

import type { Database } from "../entities/database.ts";
import type { Broker } from "./broker.ts";
import type { LogWriter } from "./log-writer.ts";

/** What a worker that is gone left behind: its running runs are failed, and runs that still wait are sent off again. */
export async function recover({
  database,
  broker,
  logWriter,
  workerName,
}: {
  database: Database;
  broker: Broker;
  logWriter: LogWriter;
  workerName: string;
}): Promise<void> {
  const lost = await database.rows
    .selectFrom("job_result")
    .select("id")
    .where("status", "=", "STARTED")
    .where("worker", "=", workerName)
    .execute();
  for (const { id } of lost) await fail(database, logWriter, id as string);
  const waiting = await database.rows
    .selectFrom("job_result")
    .select(["id", "celery_kwargs"])
    .where("status", "=", "PENDING")
    .orderBy("date_created")
    .orderBy("id")
    .execute();
  for (const run of waiting) {
    const { queue } = database.readJson(run.celery_kwargs) as { queue: string };
    await broker.enqueue({ id: run.id, queue });
  }
}

const MESSAGE = "The worker was lost while the job ran: the server ended without stopping it first.";

async function fail(database: Database, logWriter: LogWriter, id: string): Promise<void> {
  const last = await database.rows
    .selectFrom("job_log_entry")
    .select((eb) => eb.fn.max("sequence").as("sequence"))
    .where("job_result_id", "=", id)
    .executeTakeFirst();
  const line = { level: "CRITICAL", grouping: "main", message: MESSAGE, created: Date.now(), object: "", url: "" } as const;
  await logWriter.open(id, Number(last?.sequence ?? 0)).append([line]);
  await database.rows
    .updateTable("job_result")
    .set({
      status: "FAILURE",
      date_done: new Date().toISOString(),
      result: JSON.stringify({ exc_type: "WorkerLost", exc_message: MESSAGE }),
      traceback: `WorkerLost: ${MESSAGE}`,
    })
    .where("id", "=", id)
    .where("status", "=", "STARTED")
    .execute();
}

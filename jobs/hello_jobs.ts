import { defineJob, z } from "jobgraph";

/** The shortest useful job: copy it to start your own. */
export const HelloJobs = defineJob({
  name: "Hello Jobs",
  grouping: "Examples",
  description: "Greets somebody, one log line a letter.",
  enabled: true,
  readOnly: true,
  variables: z.object({
    name: z.string().min(1).max(50).default("world").describe("Whom to greet"),
  }),
  run({ data, logger }) {
    logger.info(`Greeting ${data.name}`);
    for (const letter of data.name) logger.debug(letter, { grouping: "letters" });
    logger.success(`Hello, ${data.name}!`);
    return { greeting: `Hello, ${data.name}!` };
  },
});

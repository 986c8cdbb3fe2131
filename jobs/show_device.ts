import { defineJobButtonReceiver } from "jobgraph";
import { linkTo, readInventory } from "./inventory.ts";

/** Compares the object that its button was pressed for with the device of the same name in `devices.csv`. */
export const ShowDevice = defineJobButtonReceiver({
  name: "Show Device",
  grouping: "Examples",
  description: "Run by job buttons on devices: says what `devices.csv` knows of the device, and where the two differ.",
  enabled: true,
  readOnly: true,
  async receive({ object, user, logger }) {
    const name = String(object["name"] ?? "");
    const device = (await readInventory()).find((candidate) => candidate.name === name);
    if (!device) throw new Error(`devices.csv knows no device named "${name}".`);
    logger.info(`${user?.username ?? "Somebody"} asks for ${name}`, { object: linkTo(device) });
    const differences = Object.entries(device)
      .filter(([field, known]) => field in object && String(object[field]) !== known)
      .map(([field]) => field);
    for (const field of differences)
      logger.warning(`${field}: ${String(object[field])} there, ${device[field as keyof typeof device]} here`, {
        object: linkTo(device),
        grouping: "differences",
      });
    if (differences.length === 0) logger.success(`${name} is the same in both`, { object: linkTo(device) });
    return { device, differences };
  },
});

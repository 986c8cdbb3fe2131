import { defineJob, z } from "jobgraph";
import { linkTo, readInventory } from "./inventory.ts";

/** Finds devices without a serial number, and serial numbers that several devices claim. */
export const CheckSerialNumbers = defineJob({
  name: "Check Serial Numbers",
  grouping: "Examples",
  description: [
    "Looks in `devices.csv` for",
    "",
    "- devices **without** a serial number, and",
    "- serial numbers that **several** devices have; upper and lower case are the same, and white space does not count.",
    "",
    "Says one line a finding and returns the findings.",
  ].join("\n"),
  enabled: true,
  readOnly: true,
  variables: z.object({
    fail_on_missing: z.boolean().default(false).describe("Fail the run when a device has no serial number"),
    fail_on_duplicates: z.boolean().default(false).describe("Fail the run when several devices have the same serial number"),
  }),
  async run({ data, logger }) {
    const devices = await readInventory();
    const bySerial = Map.groupBy(devices, (device) => normalized(device.serial));

    const missing = bySerial.get("") ?? [];
    bySerial.delete("");
    const sayMissing = data.fail_on_missing ? logger.failure : logger.warning;
    for (const device of missing) {
      sayMissing(`${device.name} has no serial number`, { object: linkTo(device), grouping: "missing" });
    }

    const duplicates = [...bySerial]
      .filter(([, owners]) => owners.length > 1)
      .map(([serial, owners]) => ({ serial, devices: owners.map((device) => device.name) }));
    const sayDuplicate = data.fail_on_duplicates ? logger.failure : logger.warning;
    for (const duplicate of duplicates) {
      sayDuplicate(`${duplicate.serial} belongs to ${duplicate.devices.join(", ")}`, {
        object: duplicate.serial,
        grouping: "duplicates",
      });
    }

    const summary = `${devices.length} devices: ${missing.length} without a serial number, ${duplicates.length} serial numbers with several devices`;
    const isBad = (data.fail_on_missing && missing.length > 0) || (data.fail_on_duplicates && duplicates.length > 0);
    if (isBad) throw new Error(summary);
    logger.info(summary);
    return { devices: devices.length, missing: missing.map((device) => device.name), duplicates };
  },
});

/** Returns a serial number without the differences of typing: case and spaces. */
function normalized(serial: string): string {
  return serial.replaceAll(/\s+/g, "").toUpperCase();
}

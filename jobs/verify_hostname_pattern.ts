import { defineJob, z } from "jobgraph";
import { linkTo, readInventory } from "./inventory.ts";

/** Checks each device's host name; fails when one of them does not match. */
export const VerifyHostnamePattern = defineJob({
  name: "Verify Hostname Pattern",
  grouping: "Examples",
  description: [
    "Checks the host names in `devices.csv` against a **regular expression**.",
    "",
    "Says one line a device, grouped by site. The run fails when at least one host name does not match.",
  ].join("\n"),
  enabled: true,
  readOnly: true,
  variables: z.object({
    pattern: z
      .string()
      .min(1)
      .refine(isRegularExpression, "must be a valid regular expression")
      .default(String.raw`^[a-z]{3}\d{2}-(rtr|sw|fw|ap)-\d{2}$`)
      .describe("Regular expression that every host name must match"),
    site: z.string().min(1).optional().describe("Check the devices of this site only; all sites when absent"),
  }),
  async run({ data, logger }) {
    const inventory = await readInventory();
    const sites = [...new Set(inventory.map((device) => device.site))];
    if (data.site !== undefined && !sites.includes(data.site)) {
      throw new Error(`There is no site "${data.site}"; the sites are ${sites.join(", ")}`);
    }
    const devices = data.site === undefined ? inventory : inventory.filter((device) => device.site === data.site);

    const pattern = new RegExp(data.pattern);
    let mismatches = 0;
    for (const device of devices) {
      const about = { object: linkTo(device), grouping: device.site };
      if (pattern.test(device.name)) {
        logger.success(`${device.name} matches`, about);
      } else {
        logger.failure(`${device.name} does not match`, about);
        mismatches += 1;
      }
    }

    if (mismatches > 0) throw new Error(`${mismatches} of ${devices.length} host names do not match ${data.pattern}`);
    return { devices: devices.length, sites: data.site === undefined ? sites.length : 1 };
  },
});

function isRegularExpression(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

/** A sketch of a made-up job. */
export interface JobSketch {
  grouping: string;
  name: string;
  description: string;
  /** The object that the job's log lines name. */
  subject: string;
  /** Extra queues that it may run on. */
  queues?: readonly string[];
  readOnly?: boolean;
  hidden?: boolean;
  disabled?: boolean;
}

const inGrouping = (grouping: string, sketches: readonly Omit<JobSketch, "grouping">[]): JobSketch[] =>
  sketches.map((sketch) => ({ grouping, ...sketch }));

/** Jobs of a team that automates a network. */
export const JOB_SKETCHES: readonly JobSketch[] = [
  ...inGrouping("Configuration", [
    {
      name: "Back Up Configurations",
      description: "Reads the running configuration of every device and commits it to the **backup repository**.",
      subject: "the running configuration",
      readOnly: true,
    },
    {
      name: "Deploy Intended Configuration",
      description: "Brings devices to their intended configuration, a site at a time, and rolls back what fails its checks.",
      subject: "the intended configuration",
      queues: ["campus", "datacenter"],
    },
    {
      name: "Rotate SNMP Communities",
      description: "Gives every device a new read-only community and removes the old one.",
      subject: "the SNMP community",
      disabled: true,
    },
    {
      name: "Set NTP Servers",
      description: "Makes every device use the time servers of its region.",
      subject: "the list of time servers",
    },
  ]),
  ...inGrouping("Compliance", [
    {
      name: "Check Software Versions",
      description: "Compares what devices run with the approved version of their platform.",
      subject: "the software version",
      readOnly: true,
    },
    {
      name: "Audit Access Lists",
      description: "Finds management access that is open to more than the *jump hosts*.",
      subject: "the management access list",
      readOnly: true,
    },
    {
      name: "Verify Interface Descriptions",
      description: "Each uplink says what is at its other end, as `DEVICE:INTERFACE`.",
      subject: "the interface descriptions",
      readOnly: true,
    },
    {
      name: "Find Expiring Certificates",
      description: "Lists certificates of devices and controllers that expire within 30 days.",
      subject: "the certificate",
      readOnly: true,
    },
  ]),
  ...inGrouping("Provisioning", [
    {
      name: "Provision Access Switch",
      description: "Turns a switch out of its box into one of the site: addresses, VLANs, uplinks, credentials.",
      subject: "the day-zero configuration",
      queues: ["campus"],
    },
    {
      name: "Extend VLAN to Site",
      description: "Makes a VLAN available on every access switch of a site.",
      subject: "the VLAN",
      queues: ["campus"],
    },
    {
      name: "Onboard Leaf Pair",
      description: "Adds two leaf switches to a fabric and waits until their sessions are up.",
      subject: "the BGP session",
      queues: ["datacenter"],
    },
    {
      name: "Decommission Device",
      description: "Drains a device, shuts its ports and releases its addresses.",
      subject: "the uplink",
      disabled: true,
    },
  ]),
  ...inGrouping("Inventory", [
    {
      name: "Discover Neighbors",
      description: "Reads LLDP everywhere and records the cables that are missing from the inventory.",
      subject: "the neighbor table",
      readOnly: true,
    },
    {
      name: "Collect Serial Numbers",
      description: "Asks chassis, modules and power supplies for their serial numbers.",
      subject: "the serial number",
      readOnly: true,
    },
    {
      name: "Reconcile IP Addresses",
      description: "Compares addresses on devices with those of the inventory, in both directions.",
      subject: "the address table",
    },
  ]),
  ...inGrouping("Operations", [
    {
      name: "Upgrade Operating System",
      description: "Copies an image, checks its hash, installs it and reloads, inside the maintenance window.",
      subject: "the system image",
      queues: ["campus", "datacenter"],
    },
    {
      name: "Check Circuit Health",
      description: "Pings through every provider circuit and compares loss and latency with the contract.",
      subject: "the circuit",
      readOnly: true,
    },
    {
      name: "Clear Stuck Sessions",
      description: "Resets BGP sessions that have been idle for more than an hour.",
      subject: "the BGP session",
      hidden: true,
    },
  ]),
];

import { expect, test } from "vitest";
import { constrainedPaths, constraintErrors, fulfils } from "../../src/entities/constraints.ts";
import { ScheduledJob } from "../../src/entities/index.ts";

const ID = "01a20d41-bf32-73c7-86b0-37568f855895";
const SCHEDULE = {
  name: "Nightly",
  interval: "DAILY",
  timeZone: "Europe/Paris",
  totalRunCount: 3,
  enabled: true,
  startTime: new Date("2026-01-01T10:00:00Z"),
  jobQueue: null,
  jobModel: {
    id: ID,
    name: "Back up",
    grouping: "Core",
    approvalRequired: false,
    tags: { getItems: () => [{ name: "red" }, { name: "blue" }] },
  },
};

test.each([
  [{}, true],
  [{ name: "Nightly" }, true],
  [{ name: "nightly" }, false],
  [{ name__iexact: "nightly" }, true],
  [{ name__startswith: "Nigh", name__iendswith: "LY" }, true],
  [{ name__contains: "ght", total_run_count__gt: 3 }, false],
  [{ total_run_count__gte: 3, total_run_count__lt: 4 }, true],
  [{ name__isw: ["x", "NIGHT"], name__re: "^N.*y$", name__nic: "z" }, true],
  [{ name__n: ["Nightly"] }, false],
  [{ job_queue__n: "fast" }, true],
  [{ interval: "daily" }, true],
  [{ interval__in: ["HOURLY", "weekly"] }, false],
  [{ time_zone: "europe/paris", time_zone__in: ["UTC", "EUROPE_PARIS"], time_zone__contains: "europe/" }, true],
  [{ time_zone: "EUROPE_BERLIN" }, false],
  [{ enabled: true }, true],
  [{ start_time__lte: "2026-01-01T11:00:00+01:00" }, true],
  [{ start_time: "2026-01-01T10:00:00.000Z" }, true],
  [{ job_model__name: "Back up" }, true],
  [{ job_model__name__in: ["Other", "Back up"] }, true],
  [{ job_model__name__icontains: "BACK" }, true],
  [{ job_model: ID.toUpperCase() }, true],
  [{ job_model: "Back up" }, true],
  [{ job_model__in: ["Other"] }, false],
  [{ job_model__pk: ID }, true],
  [{ job_model__approval_required: true }, false],
  [{ job_model__tags__name: "blue" }, true],
  [{ job_model__tags: "green" }, false],
  [{ job_queue__isnull: true }, true],
  [{ job_queue__name: "fast" }, false],
  [{ job_queue__name__isnull: false }, false],
])("%j fits: %s", (constraints, expected) => {
  expect(constraintErrors(ScheduledJob, constraints)).toEqual([]);
  expect(fulfils(ScheduledJob, SCHEDULE, constraints)).toBe(expected);
});

test.each([
  [{ nam: "x" }, `"nam": "nam" is none of`],
  [{ name__like: "x" }, `"name__like": "like" is none of`],
  [{ name__exact__in: "x" }, `"exact__in" is none of`],
  [{ job_model__nam: "x" }, `"nam" is none of`],
  [{ kwargs: "x" }, "JSON cannot be compared"],
  [{ kwargs__site: "x" }, "is none of"],
  [{ approved_content: "x" }, "is none of"],
  [{ name: 5 }, "wants a text"],
  [{ name: null }, "wants a text"],
  [{ name__in: "x" }, "wants a list"],
  [{ name: ["x"] }, "wants one value"],
  [{ enabled: "true" }, "wants true or false"],
  [{ total_run_count: "3" }, "wants a number"],
  [{ start_time__gt: "soon" }, "wants a time"],
  [{ interval: "yearly" }, `"yearly" is none of IMMEDIATELY`],
  [{ job_queue__isnull: 1 }, "wants true or false"],
  [{ job_model: 5 }, "wants a text"],
])("%j is refused", (constraints, message) => {
  expect(constraintErrors(ScheduledJob, constraints)).toEqual([expect.stringContaining(message)]);
  expect(fulfils(ScheduledJob, SCHEDULE, constraints)).toBe(false);
});

test("references that have to be loaded first are told", () => {
  expect(constrainedPaths(ScheduledJob, { job_model__tags__name: "red", user: "x", name: "y" })).toEqual([
    "jobModel.tags",
    "user",
  ]);
});

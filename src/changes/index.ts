/*
 * WHAT PEOPLE CHANGE. Everything that is in the change log is changed through this room: a unit of work holds objects, creates and deletes
 * them in one transaction, and finds out by itself what has changed. The rules of each model are in `rules/`.
 */
export { type Data, put } from "./assign.ts";
export { isContentTypeLabel, contentTypesOf } from "./content-types.ts";
export { differencesOf, type Differences } from "./differences.ts";
export { changeJob, followSource, isOverridden, OVERRIDABLE, type OverridableField, revertJob } from "./job-overrides.ts";
export { createObject, deleteObject, holdOne, refuse, updateObject } from "./objects.ts";
export { rulesOf } from "./rules/index.ts";
export { transact, type Transacted } from "./transact.ts";
export type { Author, Change, Unit } from "./unit.ts";

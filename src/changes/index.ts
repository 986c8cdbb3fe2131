/*
 * Changes by people. Everything in the change log is changed through this room: a unit of work holds objects, creates and deletes them in one transaction, and
 * finds the changes by itself. The rules of each model are in `rules/`.
 */
export { type Data, put } from "./assign.ts";
export { isContentTypeLabel } from "./content-types.ts";
export { CustomFieldValues } from "./custom-fields.ts";
export { differencesOf } from "./differences.ts";
export { type ForeignChange, recordForeign } from "./foreign.ts";
export { importObjects, type ImportRow, type RowError } from "./import-objects.ts";
export { changeJob, followSource, isOverridden, OVERRIDABLE, type OverridableField, revertJob } from "./job-overrides.ts";
export { createObject, deleteObject, holdOne, refuse, updateObject } from "./objects.ts";
export { findOwnObjects, isOwnType, readOwnObjects } from "./own-objects.ts";
export { transact } from "./transact.ts";
export type { Author } from "./change-log.ts";
export type { Unit } from "./unit.ts";

import type { BoundLimits } from "../execution/bounds.ts";
import type { CostLimits } from "./costs.ts";
import type { StructureLimits } from "../document/structure.ts";

/** Limits of a client's operation: of its document, before it is executed, and while it is. */
export interface OperationLimits extends BoundLimits, CostLimits, StructureLimits {}

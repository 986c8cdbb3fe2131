import type { BoundLimits } from "./bounds.ts";
import type { CostLimits } from "./costs.ts";
import type { StructureLimits } from "./structure.ts";

/** What a client's operation may take: of its document, before it is executed, and while it is. */
export interface OperationLimits extends BoundLimits, CostLimits, StructureLimits {}

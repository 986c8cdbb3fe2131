import { BaseModel } from "./base.ts";
import { JobHook } from "./job-hook.ts";
import { BelongsTo, Model } from "../mapping/model.ts";
import { ObjectChange } from "./object-change.ts";

/** A hook that a change has set off and whose job is still to be launched. Gone once the run is recorded, in the same transaction. */
@Model({
  description: "A hook that still has to run for a change.",
  ordering: ["id"],
  search: [],
})
export class JobHookDelivery extends BaseModel {
  @BelongsTo(() => JobHook, { description: "The hook.", onDelete: "cascade", hidden: true })
  jobHook!: JobHook;

  @BelongsTo(() => ObjectChange, { description: "The change.", onDelete: "cascade", hidden: true })
  objectChange!: ObjectChange;
}

import { JobHook } from "../../entities/index.ts";
import type { ErrorDetail } from "../../errors.ts";
import type { Unit } from "../unit.ts";
import { receiverFits } from "./receiver.ts";

const ACTIONS = { typeCreate: "create", typeUpdate: "update", typeDelete: "delete" } as const;

/** Rules of JobHook, as in Nautobot's: no two hooks run the same job for the same. */
export const jobHookRules = {
  async check(hook: JobHook, unit: Unit): Promise<ErrorDetail[]> {
    const actions = (Object.keys(ACTIONS) as (keyof typeof ACTIONS)[]).filter((action) => hook[action]);
    const details = await receiverFits(hook, "hook", unit);
    if (actions.length === 0)
      details.push({ field: "data.type_create", message: "Choose at least one of type_create, type_update and type_delete." });
    if (!hook.job) return details;
    const stored = await unit.em.find(JobHook, { job: hook.job, id: { $ne: hook.id } }, { populate: ["contentTypes"] });
    const held = unit.held(JobHook).filter((other) => other !== hook && other.job === hook.job);
    for (const other of new Set([...stored, ...held])) {
      // Another hook that this unit has changed counts with its new job.
      if (other.job !== hook.job) continue;
      const types = hook.contentTypes.getItems().filter((type) => other.contentTypes.contains(type));
      for (const action of actions.filter((candidate) => other[candidate]))
        for (const { label } of types)
          details.push({
            field: "data.content_types",
            message: `The hook "${other.name}" runs this job already on ${ACTIONS[action]} of ${label}.`,
          });
    }
    return details;
  },
};

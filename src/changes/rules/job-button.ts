import type { JobButton } from "../../entities/index.ts";
import type { ErrorDetail } from "../../errors.ts";
import type { Unit } from "../unit.ts";
import { receiverFits } from "./receiver.ts";

/** Rules of JobButton. */
export const jobButtonRules = {
  check: (button: JobButton, unit: Unit): Promise<ErrorDetail[]> => receiverFits(button, "button", unit),
};

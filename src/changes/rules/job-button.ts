import type { JobButton } from "../../entities/index.ts";
import type { ErrorDetail } from "../../errors.ts";
import { receiverFits } from "./receiver.ts";

/** Rules of JobButton. */
export const jobButtonRules = {
  check: (button: JobButton): Promise<ErrorDetail[]> => receiverFits(button, "button"),
};

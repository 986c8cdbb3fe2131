import type { JobButton } from "../../entities/index.ts";
import type { ErrorDetail } from "../../errors.ts";
import type { Unit } from "../unit.ts";
import { receiverFits } from "./receiver.ts";

/** Rules of JobButton. */
export const jobButtonRules = {
  async check(button: JobButton, unit: Unit): Promise<ErrorDetail[]> {
    const details = await receiverFits(button, "button", unit);
    if (button.text.trim() === "") details.push({ field: "data.text", message: "This field cannot be blank." });
    return details;
  },
};

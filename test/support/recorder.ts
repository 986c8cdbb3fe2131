import { pino } from "pino";
import { createRecorder } from "../../src/runner/outputs/recorder.ts";

/** Records as a server's does, and says nothing of it. */
export const recorder = createRecorder(pino({ level: "silent" }));

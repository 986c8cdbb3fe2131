import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";
import { hideSecrets } from "./hide-secrets.ts";

hideSecrets(process.env);
// Compiled code is kept beside the build, for this process and for the threads of runs; it has to be on before anything else is loaded.
enableCompileCache(fileURLToPath(new URL("../dist/compile-cache", import.meta.url)));
await import("./start.ts");

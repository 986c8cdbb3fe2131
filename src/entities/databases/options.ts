import { ReflectMetadataProvider } from "@mikro-orm/decorators/legacy";
import { Migrator } from "@mikro-orm/migrations";
import { MODELS } from "../index.ts";

/** Options of both drivers. */
export const ORM_OPTIONS = {
  entities: [...MODELS],
  metadataProvider: ReflectMetadataProvider,
  metadataCache: { enabled: false },
  extensions: [Migrator],
  allowGlobalContext: false,
  serialization: { forceObject: true },
};

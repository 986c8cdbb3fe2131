import "reflect-metadata";
import { printSchema } from "graphql";
import { createSchema } from "../schema/index.ts";

// `npm run codegen` keeps the output as schema.graphql.
process.stdout.write(`${printSchema(createSchema())}\n`);

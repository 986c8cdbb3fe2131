// Builds the parts that differ from the last build, and starts the server. Node's watch mode repeats both when a source changes.
await import("./build.ts");
await import(new URL("../dist/main.js", import.meta.url).href);

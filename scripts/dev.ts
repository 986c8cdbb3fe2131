// Builds what differs from the last build, and starts the server: Node's watch mode does both anew when a source changes.
await import("./build.ts");
await import(new URL("../dist/main.js", import.meta.url).href);

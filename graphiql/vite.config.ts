import { defineConfig } from "vite";

export default defineConfig({
  base: "/graphiql/",
  build: {
    outDir: "../dist/graphiql",
    emptyOutDir: true,
    reportCompressedSize: false,
    // The Monaco editor is one chunk of this size.
    chunkSizeWarningLimit: 3000,
    // Dozens of React libraries say "use client", which means nothing in a bundle for the browser.
    rolldownOptions: { checks: { moduleLevelDirective: false } },
  },
});

/** Adds the licences of the module's crates to the page: `cargo playground` writes them beside the module. */
import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

const SOURCE = new URL("../src/wasm/licences.md", import.meta.url);

export function licencesOfModule(): Plugin {
  return {
    name: "licences-of-module",
    apply: "build",
    generateBundle() {
      // The worker has a bundle of its own.
      this.emitFile({ type: "asset", fileName: "licences-of-the-module.md", source: readFileSync(SOURCE, "utf8") });
    },
  };
}

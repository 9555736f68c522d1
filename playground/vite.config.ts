import { readFileSync } from "node:fs";
import { defineConfig } from "vite";
import { development } from "./build/development.ts";
import { examples } from "./build/examples.ts";
import { licencesOfModule } from "./build/licences.ts";
import { rules } from "./build/rules.ts";
import { serviceWorker } from "./build/service-worker.ts";

const cargo = readFileSync(new URL("../Cargo.toml", import.meta.url), "utf8");
const version = /^version = "(.+)"$/m.exec(cargo)?.[1];

export default defineConfig({
  base: "./", // It works under any path of any file server.
  define: { VERSION: JSON.stringify(version) },
  plugins: [development(), rules(), examples(), licencesOfModule(), serviceWorker()],
  worker: { format: "es" },
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // The content security policy allows no data URLs.
    modulePreload: { polyfill: false },
    license: { fileName: "licences.md" },
    reportCompressedSize: false,
  },
});

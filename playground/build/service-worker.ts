/**
 * The script of the service worker, with the list of what it keeps.
 *
 * It is built after the page, because the list names the page's files. Its own name has no hash: browsers look for a new version under
 * the name that they know.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { build, type Plugin } from "vite";

const SOURCE = new URL("../src/service-worker/service-worker.ts", import.meta.url).pathname;

export function serviceWorker(): Plugin {
  let out = "";
  return {
    name: "service-worker",
    apply: "build",
    configResolved(config) {
      out = config.build.outDir;
    },
    async closeBundle(error?: Error) {
      if (error) return;
      await build({
        configFile: false,
        logLevel: "warn",
        publicDir: false,
        define: { PRECACHE: JSON.stringify(precache(out)) },
        build: {
          outDir: out,
          emptyOutDir: false,
          rolldownOptions: { input: SOURCE, output: { entryFileNames: "service-worker.js", format: "iife" } },
        },
      });
    },
  };
}

/** All files, and a hash of their names and contents. */
function precache(folder: string): { version: string; files: string[] } {
  const files = walk(folder)
    .map((file) => relative(folder, file))
    .filter((name) => name !== "service-worker.js" && !name.startsWith("licences"))
    .sort();
  const hash = createHash("sha256");
  for (const name of files) hash.update(`${name}\0`).update(readFileSync(join(folder, name)));
  return { version: hash.digest("hex").slice(0, 16), files };
}

function walk(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? walk(path) : [path];
  });
}

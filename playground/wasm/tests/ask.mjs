// Reads inputs as a JSON array from standard input, and prints what the module finds in each, in their order.
// `node ask.mjs SCRIPT MODULE`
import { readFileSync, writeSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [script, module] = process.argv.slice(2);
const { initSync, Workspace } = await import(pathToFileURL(script));
initSync({ module: readFileSync(module) });

const checks = JSON.parse(readFileSync(0, "utf8")).map((input) => {
  const workspace = new Workspace(input);
  const check = workspace.check();
  workspace.free();
  return check;
});
const text = Buffer.from(JSON.stringify(checks));
for (let written = 0; written < text.length; ) written += writeSync(1, text, written);

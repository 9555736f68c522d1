/** The module `virtual:examples`: the folders of examples/ as data, those of the README before those of the rules. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";
import type { Example } from "../src/state/examples.ts";
import { readRules } from "./rules.ts";

const ID = "virtual:examples";
const FOLDER = new URL("../examples", import.meta.url).pathname;
const RULES = new URL("../../docs/rules.md", import.meta.url).pathname;

/** The order of the examples that show no single rule; others come before them. */
const FIRST = ["two-problems", "injection", "chain-broken", "chain-complete"];

export function examples(): Plugin {
  return {
    name: "examples",
    resolveId: (id) => (id === ID ? `\0${ID}` : undefined),
    load(id) {
      if (id !== `\0${ID}`) return;
      const read = readExamples();
      for (const example of read)
        for (const file of readdirSync(join(FOLDER, example.name))) this.addWatchFile(join(FOLDER, example.name, file));
      return `export default ${JSON.stringify(read)}`;
    },
  };
}

export function readExamples(): Example[] {
  if (!existsSync(FOLDER)) return [];
  const rules = new Map(readRules(readFileSync(RULES, "utf8")).map((rule, position) => [rule.name, { ...rule, position }]));
  const folders = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const read = folders.map(({ name }) => {
    const rule = rules.get(name);
    return { position: rule?.position ?? FIRST.indexOf(name) - FIRST.length, example: readExample(name, rule?.title) };
  });
  read.sort((a, b) => a.position - b.position || a.example.name.localeCompare(b.example.name));
  return read.map(({ example }) => example);
}

function readExample(name: string, rule: string | undefined): Example {
  const folder = join(FOLDER, name);
  const example: Example = {
    name,
    isRule: rule !== undefined,
    about: rule ?? "",
    files: [],
    settings: "",
    issuer: "",
    namespace: "",
    credentials: [],
  };
  for (const file of readdirSync(folder).sort()) {
    const text = readFileSync(join(folder, file), "utf8");
    if (file === "settings.yaml") example.settings = text;
    else if (file === "issuer.txt") example.issuer = text.trim();
    else if (file === "namespace.txt") example.namespace = text.trim();
    else if (file.endsWith(".json")) example.credentials.push({ name: file, text });
    else if (/\.ya?ml$/.test(file)) example.files.push({ name: file, text });
    else throw new Error(`${join(folder, file)} is not part of an example`);
  }
  example.about ||= comment(example.files[0]?.text ?? "");
  return example;
}

/** The comment with which a text begins. */
function comment(text: string): string {
  const lines = text.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("#"));
  return lines
    .slice(0, end)
    .map((line) => line.replace(/^#\s*/, ""))
    .join(" ");
}

/** What the page costs: sizes, the time until it can be used, and that typing never waits. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WRONG, workload } from "./manifests";
import { type Server, serve } from "./server";
import { DIST, openSite, paste, type Site, Visit } from "./visit";

/** For bounds on time: another process may take the processor in the middle of a measurement. */
const RETRIES = 2;

let site: Site;
/** The page's editor and nothing else. */
let bare: Server;
beforeAll(async () => {
  site = await openSite();
  const outDir = await mkdtemp(join(tmpdir(), "bare-editor-"));
  await build({
    configFile: false,
    root: new URL("bare", import.meta.url).pathname,
    base: "./",
    logLevel: "warn",
    build: { outDir },
  });
  bare = await serve(outDir);
});
afterAll(async () => {
  await site.close();
  await bare.close();
});

describe("sizes", () => {
  const walk = (folder: string): string[] =>
    readdirSync(folder).flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? walk(path) : [path];
    });
  const sizes = walk(DIST).map((path) => ({ path, size: gzipSync(readFileSync(path), { level: 9 }).length }));
  const sum = (those: typeof sizes) => those.reduce((all, { size }) => all + size, 0);

  test("the module has at most 490 KB with gzip", () => {
    const modules = sizes.filter(({ path }) => path.endsWith(".wasm"));
    expect(modules).toHaveLength(1);
    expect(sum(modules)).toBeLessThanOrEqual(490_000);
  });

  test("all files have at most 900 KB with gzip", () => {
    console.info(`all files: ${sum(sizes)} bytes with gzip`);
    expect(sum(sizes)).toBeLessThanOrEqual(900_000);
  });
});

test("every dependency in the page has a permissive licence, and its text is there", () => {
  const text = readFileSync(join(DIST, "licences.md"), "utf8");
  const licences = [...text.matchAll(/^## (\S+) - \S+ \((.+)\)$/gm)].map((match) => ({
    name: match[1],
    licence: match[2] ?? "",
  }));
  expect(licences.length).toBeGreaterThan(10);
  expect(licences.filter(({ licence }) => !/^(MIT|ISC|Apache-2\.0|BSD-[23]-Clause|0BSD)$/.test(licence))).toEqual([]);
});

test("the licences of the crates in the module are there", () => {
  const text = readFileSync(join(DIST, "licences-of-the-module.md"), "utf8");
  for (const name of ["granit-parser", "serde_json", "wasm-bindgen"]) expect(text).toContain(`\n## ${name} - `);
});

test("the findings are there within a second, from a server that was asked before", { retry: RETRIES }, async () => {
  const times: number[] = [];
  for (let round = 0; round < 6; round++) {
    const visit = await Visit.start(site, { before: noteFirstFinding, serviceWorkers: "block" });
    times.push(await visit.page.evaluate(() => (window as unknown as { firstFinding: number }).firstFinding));
    await visit.end();
  }
  const warm = median(times.slice(1));
  console.info(`the first findings are there after ${Math.round(warm)} ms`);
  expect(warm).toBeLessThan(1_000);
});

function noteFirstFinding(): void {
  const observer = new MutationObserver(() => {
    if (!document.querySelector(".finding")) return;
    observer.disconnect();
    (window as unknown as { firstFinding: number }).firstFinding = performance.now();
  });
  observer.observe(document, { childList: true, subtree: true });
}

/** Whatever comes, typing goes on. */
const LARGE = Array.from({ length: 6_300 }, (_, number) =>
  workload({ label: number % 10 === 0 ? '"True"' : '"true"' }).replaceAll("orders", `orders-${number}`),
)
  .join("---\n")
  .slice(0, 5_000_000);

const PASTES: Record<string, { text: string; rounds: number }> = {
  "5 MB of manifests": { text: LARGE, rounds: 5 },
  "100,000 findings": { text: `${WRONG}---\n`.repeat(7_000).slice(0, 5_000_000), rounds: 5 },
  "100,000 lines without an end": { text: "- [\n".repeat(100_000), rounds: 3 },
  "deep nesting": { text: `a: ${"[".repeat(50_000)}`, rounds: 3 },
  "binary data": { text: noise(100_000), rounds: 3 },
};

/** Characters of all kinds. */
function noise(length: number): string {
  return Array.from({ length }, (_, position) => String.fromCharCode((position * 7919) % 0xd7ff)).join("");
}

const MOST_MS = 100;

describe("typing does not wait", () => {
  test.each(Object.entries(PASTES))("after a paste: %s", { retry: RETRIES, timeout: 240_000 }, async (name, { text, rounds }) => {
    const alone: number[] = [];
    const whole: number[] = [];
    for (let round = 0; round < rounds; round++) {
      alone.push(await onBareEditor(text));
      whole.push(await onPage(text));
    }
    console.info(`${name}: ${Math.round(median(whole))} ms, the editor alone ${Math.round(median(alone))} ms`);
    expect(median(whole)).toBeLessThan(median(alone) + MOST_MS);
  });
});

describe("garbage is answered, and the page goes on", () => {
  const garbage: Record<string, string> = {
    "5 MB in one document": `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n${"  key: value that is of a usual length\n".repeat(132_000)}`,
    "deep indentation": Array.from({ length: 2_000 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n"),
    "many aliases": Array.from({ length: 3_000 }, (_, number) => `a${number}: &a${number} [${"*a0, ".repeat(9)}]`).join("\n"),
    "one long line": "a".repeat(2_000_000),
    "half of a character": "a: \ud800\n",
  };

  test.each(Object.entries(garbage))("%s", async (_, text) => {
    const visit = await Visit.start(site, { kept: { files: [{ name: "a.yaml", text: "" }] }, serviceWorkers: "block" });
    await visit.paste(text);
    await visit.settled();
    await visit.paste(WRONG);
    await expect.poll(() => visit.rules(), { timeout: 20_000 }).toEqual(["label-value", "misspelt-key"]);
    await visit.end();
  });
});

/** The longest task of the main thread in milliseconds, during a paste, typing, and the check. */
async function longestTask(text: string, page: Page, settled: () => Promise<void>): Promise<number> {
  await page.evaluate(() => {
    const state = window as unknown as { longest: number };
    state.longest = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) state.longest = Math.max(state.longest, entry.duration);
    }).observe({ type: "longtask" });
  });
  await paste(page, text);
  for (let key = 0; key < 12; key++) {
    await page.keyboard.type("x");
    await page.waitForTimeout(25);
  }
  await settled();
  return page.evaluate(() => (window as unknown as { longest: number }).longest);
}

async function onPage(text: string): Promise<number> {
  const visit = await Visit.start(site, { kept: { files: [{ name: "large.yaml", text: "" }] }, serviceWorkers: "block" });
  const longest = await longestTask(text, visit.page, () => visit.settled());
  await visit.end();
  return longest;
}

async function onBareEditor(text: string): Promise<number> {
  const page = await site.browser.newPage();
  await page.goto(bare.url);
  const longest = await longestTask(text, page, () => page.waitForTimeout(300));
  await page.close();
  return longest;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

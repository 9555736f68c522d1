import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readRules } from "../../build/rules";

const MARKDOWN = readFileSync(new URL("../../../docs/rules.md", import.meta.url), "utf8");
const rules = readRules(MARKDOWN);

test("every heading of a rule has its rule", () => {
  const headings = [...MARKDOWN.matchAll(/^## (.+)$/gm)].map((match) => match[1]);
  expect(rules.map((rule) => rule.name).sort()).toEqual(headings.sort());
});

test("every rule has a text and a severity", () => {
  for (const rule of rules) {
    expect(rule.text.length, rule.name).toBeGreaterThanOrEqual(3);
    expect(["deny", "warn", "note", "off"]).toContain(rule.severity);
  }
});

test("links lead to the pages of the repository", () => {
  const links = JSON.stringify(rules).match(/"href":"[^"]+"/g) ?? [];
  expect(links.length).toBeGreaterThan(0);
  expect(links.filter((link) => !link.startsWith('"href":"https://'))).toEqual([]);
});

/**
 * The module `virtual:rules`: docs/rules.md as data.
 *
 * The text becomes a tree of elements, not HTML, so that no code of the page ever parses HTML.
 */
import { readFileSync } from "node:fs";
import { marked, type Token, type Tokens } from "marked";
import type { Plugin } from "vite";
import type { Markup, Rule } from "../src/rules/rule.ts";

const ID = "virtual:rules";
const FILE = new URL("../../docs/rules.md", import.meta.url).pathname;
const PAGES = "https://github.com/azure-workload-identity-policy/azure-workload-identity-policy/blob/main/docs/";

export function rules(): Plugin {
  return {
    name: "rules",
    resolveId: (id) => (id === ID ? `\0${ID}` : undefined),
    load(id) {
      if (id !== `\0${ID}`) return;
      this.addWatchFile(FILE);
      return `export default ${JSON.stringify(readRules(readFileSync(FILE, "utf8")))}`;
    },
  };
}

/** Reads the tables of rules, one for each group, and the section of each rule. */
export function readRules(markdown: string): Rule[] {
  const tokens = marked.lexer(markdown);
  const tables = tokens.filter((token): token is Tokens.Table => token.type === "table");
  const rows = tables.flatMap((table) => table.rows.map((row) => row.map((cell) => cell.tokens)));
  const read = rows.map(([name, severity, subjects, title]) => ({
    name: plain(name ?? []),
    severity: plain(severity ?? []),
    subjects: plain(subjects ?? []),
    title: plain(title ?? []),
  }));
  return read.map((rule) => ({ ...rule, text: section(tokens, rule.name) }));
}

/** What follows the heading of a rule, without the line with its severity, which the table has too. */
function section(tokens: Token[], name: string): Markup[] {
  const start = tokens.findIndex((token) => token.type === "heading" && token.depth === 2 && token.text === name);
  if (start < 0) throw new Error(`docs/rules.md has no section ${name}`);
  const rest = tokens.slice(start + 1);
  const end = rest.findIndex((token) => token.type === "heading");
  const text = rest.slice(0, end < 0 ? undefined : end).filter((token) => token.type !== "space");
  return text.slice(1).map(block);
}

function block(token: Token): Markup {
  switch (token.type) {
    case "paragraph":
      return ["p", ...inline(token.tokens ?? [])];
    case "code":
      return ["pre", token.text];
    case "list":
      return [
        "ul",
        ...(token as Tokens.List).items.map(
          (item): Markup => ["li", ...item.tokens.flatMap((it) => inline(it.type === "text" && it.tokens ? it.tokens : [it]))],
        ),
      ];
    case "table": {
      const { header, rows } = token as Tokens.Table;
      const row = (cells: Tokens.TableCell[], tag: "td" | "th"): Markup => [
        "tr",
        ...cells.map((cell): Markup => [tag, ...inline(cell.tokens)]),
      ];
      return ["table", row(header, "th"), ...rows.map((cells) => row(cells, "td"))];
    }
    default:
      throw new Error(`docs/rules.md: ${token.type} has no form in the playground`);
  }
}

function inline(tokens: Token[]): Markup[] {
  return tokens.map((token): Markup => {
    switch (token.type) {
      case "codespan":
        return ["code", unmasked(token.text)];
      case "strong":
        return ["strong", ...inline(token.tokens ?? [])];
      case "em":
        return ["em", ...inline(token.tokens ?? [])];
      case "link":
        return [
          "a",
          { href: new URL(token.href.startsWith("#") ? `rules.md${token.href}` : token.href, PAGES).href },
          ...inline(token.tokens ?? []),
        ];
      case "br":
        return " ";
      case "text":
      case "escape":
        return unmasked(token.text).replaceAll("\n", " ");
      default:
        throw new Error(`docs/rules.md: ${token.type} has no form in the playground`);
    }
  });
}

/** The text without its marks. */
function plain(tokens: Token[]): string {
  return tokens
    .map((token) => ("tokens" in token && token.tokens ? plain(token.tokens) : "text" in token ? unmasked(token.text) : ""))
    .join("");
}

/** marked escapes some characters for HTML. */
function unmasked(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
}

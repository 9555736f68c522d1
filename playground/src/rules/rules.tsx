/** The texts of the rules: loaded when one is asked for, and rendered as elements. */
import type { ComponentChildren } from "preact";
import type { Markup, Rule } from "./rule";

let loading: Promise<Map<string, Rule>> | undefined;

export function loadRules(): Promise<Map<string, Rule>> {
  loading ??= import("virtual:rules").then((module) => new Map(module.default.map((rule) => [rule.name, rule])));
  return loading;
}

export function RuleText({ text }: { text: Markup[] }) {
  return <>{text.map(render)}</>;
}

function render(markup: Markup): ComponentChildren {
  if (typeof markup === "string") return markup;
  if (markup[0] === "a") {
    const [, { href }, ...children] = markup;
    return (
      <a href={href} target="_blank" rel="noreferrer">
        {children.map(render)}
      </a>
    );
  }
  const [Tag, ...children] = markup;
  if (Tag === "table") {
    return (
      <table>
        <tbody>{children.map(render)}</tbody>
      </table>
    );
  }
  return <Tag>{children.map(render)}</Tag>;
}

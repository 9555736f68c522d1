/** A rule as docs/rules.md describes it; build/rules.ts makes these of the page. */
export interface Rule {
  name: string;
  /** By default. */
  severity: string;
  subjects: string;
  /** What is wrong, in a few words. */
  title: string;
  /** Its section of the page. */
  text: Markup[];
}

/** A text, or an element: its name, the address of a link, and what it contains. */
export type Markup = string | [name: "a", { href: string }, ...Markup[]] | [name: Exclude<Tag, "a">, ...Markup[]];
export type Tag = "a" | "p" | "pre" | "code" | "strong" | "em" | "ul" | "li" | "table" | "tr" | "td" | "th";

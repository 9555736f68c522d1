/** A text in the font of code. It scrolls, so it is a region that the keyboard reaches. */
import type { ComponentChildren } from "preact";

export function Code({
  label,
  kind,
  children,
}: {
  label: string;
  kind: "terminal" | "command" | "code";
  children: ComponentChildren;
}) {
  return (
    <section class={`code ${kind}`} aria-label={label} tabIndex={0}>
      <pre>{children}</pre>
    </section>
  );
}

/** The few icons of the page, drawn as lines. They say nothing to screen readers: their buttons have names. */
const PATHS = {
  plus: "M8 3v10M3 8h10",
  file: "M4 2h5l3 3v9H4zM9 2v3h3",
  folder: "M2 4h4l1.5 2H14v7H2z",
  pencil: "M3 13l.7-3L11 2.7 13.3 5 6 12.3zM9.5 4.2l2.3 2.3",
  save: "M8 2v8M5 7.5l3 3 3-3M3 13.5h10",
  close: "M4 4l8 8M12 4l-8 8",
  share: "M6.5 9.5l3-3M7 4.5l1.3-1.3a2.7 2.7 0 013.8 3.8L10.8 8.3M9 11.5l-1.3 1.3a2.7 2.7 0 01-3.8-3.8l1.3-1.3",
  sun: "M8 5.3a2.7 2.7 0 100 5.4 2.7 2.7 0 000-5.4zM8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9",
  moon: "M13 9.7A5.5 5.5 0 116.3 3 4.5 4.5 0 0013 9.7z",
  auto: "M8 2.5a5.5 5.5 0 100 11 5.5 5.5 0 000-11zM8 2.5v11M8 5h4.8M8 8h5.5M8 11h4.8",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  wide: "M9.5 2.5h4v4M13.5 2.5L9 7M6.5 13.5h-4v-4M2.5 13.5L7 9",
  narrow: "M13.5 6.5h-4v-4M9.5 6.5L14 2M2.5 9.5h4v4M6.5 9.5L2 14",
  book: "M3 3h4.2L8 3.8 8.8 3H13v9.5H9L8 13.3 7 12.5H3zM8 3.8v9.5",
  chevron: "M4 6l4 4 4-4",
  check: "M3 8.5l3.3 3.3L13 4.5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="glyph" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}

/** The sign of a severity: a shape of its own, so that colour is not all. */
export function SeveritySign({ severity }: { severity: "deny" | "warn" | "note" }) {
  return <span class={`sign ${severity}`} aria-hidden="true" />;
}

/** Tabs as the ARIA practices describe them: arrow keys move, one tab stop for all. */
import type { ComponentChildren } from "preact";

export interface Tab {
  id: string;
  name: string;
  /** Shown behind the name; `label` says what it counts. */
  count?: { value: number; label: string; kind?: "deny" | "warn" | "plain" };
}

export interface TabsProps {
  label: string;
  tabs: Tab[];
  selected: string;
  onSelect: (id: string) => void;
  /** Behind the tabs. */
  tools?: ComponentChildren;
  /** The panel of the selected tab. */
  children: ComponentChildren;
}

export function Tabs({ label, tabs, selected, onSelect, tools, children }: TabsProps) {
  const move = (event: KeyboardEvent) => {
    const position = tabs.findIndex((tab) => tab.id === selected);
    const last = tabs.length - 1;
    const target = {
      ArrowRight: position === last ? 0 : position + 1,
      ArrowLeft: position === 0 ? last : position - 1,
      Home: 0,
      End: last,
    }[event.key];
    const tab = target === undefined ? undefined : tabs[target];
    if (!tab) return;
    event.preventDefault();
    onSelect(tab.id);
    document.getElementById(`tab-${tab.id}`)?.focus();
  };
  return (
    <>
      <div class="bar">
        <div class="tabs" role="tablist" aria-label={label} onKeyDown={move}>
          {tabs.map(({ id, name, count }) => (
            <button
              key={id}
              type="button"
              role="tab"
              id={`tab-${id}`}
              aria-selected={id === selected}
              aria-controls={`panel-${id}`}
              tabIndex={id === selected ? 0 : -1}
              onClick={() => onSelect(id)}
            >
              {name}
              {count && (
                <span class={`count ${count.kind ?? "plain"}`}>
                  {count.value}
                  <span class="hidden"> {count.label}</span>
                </span>
              )}
            </button>
          ))}
        </div>
        <div class="tools">{tools}</div>
      </div>
      <div class="panel" role="tabpanel" id={`panel-${selected}`} aria-labelledby={`tab-${selected}`} tabIndex={0} key={selected}>
        {children}
      </div>
    </>
  );
}

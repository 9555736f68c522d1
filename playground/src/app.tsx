/** The page: the header, the editor on the left, the answers on the right. On a phone the two sides take turns. */
import { signal, useSignal } from "@preact/signals";
import type { FunctionComponent } from "preact";
import { useEffect } from "preact/hooks";
import { side } from "./editor/commands";
import { EditorPane } from "./editor/editor-pane";
import { openDropped } from "./editor/files";
import { AnswerPanel } from "./panels/answer";
import { ChainPanel } from "./panels/chain";
import { DiffPanel } from "./panels/diff";
import { ExamplesDialog } from "./panels/examples-dialog";
import { Findings } from "./panels/findings";
import { ShareDialog } from "./panels/share-dialog";
import { notice } from "./state/notice";
import { answers, chains, check, failure, isChecking, previews } from "./state/results";
import { type Theme, theme } from "./state/theme";
import { Icon, type IconName } from "./ui/icon";
import { type Tab, Tabs } from "./ui/tabs";

const REPOSITORY = "https://github.com/azure-workload-identity-policy/azure-workload-identity-policy";

type PanelId = "findings" | "answer" | "diff" | "chain" | "settings";
const selected = signal<PanelId>("findings");
const isWide = signal(false);

export function App() {
  const dialog = useSignal<"examples" | "share" | undefined>(undefined);
  const close = () => {
    dialog.value = undefined;
  };
  const isDropping = useDrop();
  return (
    <div class={`page show-${side.value} ${isWide.value ? "wide" : ""}`}>
      <button type="button" class="skip" onClick={skipToResults}>
        Skip to the results
      </button>
      <header class="top">
        <div class="title">
          <h1>
            Azure Workload Identity <span>playground</span>
          </h1>
          <p>Paste a manifest: see what admission says, and why a pod has no identity. Nothing is uploaded.</p>
        </div>
        <nav aria-label="Page">
          <button
            type="button"
            class="primary"
            onClick={() => {
              dialog.value = "examples";
            }}
          >
            <Icon name="book" /> Examples
          </button>
          <button
            type="button"
            onClick={() => {
              dialog.value = "share";
            }}
          >
            <Icon name="share" /> Share
          </button>
          <ThemeButton />
          <a class="button" href={REPOSITORY} target="_blank" rel="noreferrer">
            Project
          </a>
        </nav>
      </header>
      <NoticeBar />
      <fieldset class="switch" aria-label="Side">
        <SideButton name="editor" text="Manifest" />
        <SideButton name="results" text="Results" />
      </fieldset>
      <main>
        <section class="side editor-side" aria-label="Manifests">
          <EditorPane />
        </section>
        <section class="side results-side" id="results" aria-label="Results" tabIndex={-1}>
          <Results />
        </section>
      </main>
      {dialog.value === "examples" && <ExamplesDialog onClose={close} />}
      {dialog.value === "share" && <ShareDialog onClose={close} />}
      {isDropping.value && <div class="drop">Drop files or a folder to open them</div>}
    </div>
  );
}

const PANELS: Record<Exclude<PanelId, "settings">, FunctionComponent> = {
  findings: Findings,
  answer: AnswerPanel,
  diff: DiffPanel,
  chain: ChainPanel,
};

function Results() {
  const id = selected.value;
  const Panel = id === "settings" ? LazySettings : PANELS[id];
  return (
    <>
      {failure.value !== undefined && (
        <p class="problem failure" role="alert">
          The checker stopped: {failure.value}. It is started again with your next change.
        </p>
      )}
      <Tabs
        label="Results"
        tabs={tabs()}
        selected={id}
        onSelect={(it) => {
          selected.value = it as PanelId;
        }}
        tools={
          <>
            <span class={`busy ${isChecking.value ? "on" : ""}`} role="status">
              {isChecking.value ? "Checking…" : <span class="hidden">{said()}</span>}
            </span>
            <button
              type="button"
              class="icon widen"
              aria-pressed={isWide.value}
              aria-label="Results over the whole width"
              title="Results over the whole width"
              onClick={() => {
                isWide.value = !isWide.value;
              }}
            >
              <Icon name={isWide.value ? "narrow" : "wide"} />
            </button>
          </>
        }
      >
        <Panel />
      </Tabs>
    </>
  );
}

function tabs(): Tab[] {
  const summary = check.value?.value.summary;
  const found = summary ? summary.deny + summary.warn + summary.note : undefined;
  const rejected = answers.value?.value.filter((answer) => !answer.allowed).length;
  const pods = previews.value?.value.files.flatMap((file) => file.pods);
  const injected = pods?.filter((pod) => ["injected", "unwritable"].includes(pod.outcome.kind)).length;
  const broken = chains.value?.value.chains.filter((chain) => chain.verdict === "broken").length;
  const count = (value: number | undefined, label: string, kind: "deny" | "warn" | "plain") =>
    value ? { count: { value, label, kind } } : {};
  return [
    { id: "findings", name: "Findings", ...count(found, "findings", summary?.deny ? "deny" : "warn") },
    { id: "answer", name: "Answer", ...count(rejected, "rejected", "deny") },
    { id: "diff", name: "Diff", ...count(injected, "injected", "plain") },
    { id: "chain", name: "Chain", ...count(broken, "broken", "deny") },
    { id: "settings", name: "Settings" },
  ];
}

/** What a screen reader says when a check is complete. */
function said(): string {
  const summary = check.value?.value.summary;
  return summary ? `Checked: ${summary.deny} denied, ${summary.warn} warnings, ${summary.note} notes` : "";
}

/** The settings bring a YAML library, so they are loaded when they are opened. */
function LazySettings() {
  const panel = useSignal<FunctionComponent | undefined>(undefined);
  useEffect(() => {
    void import("./settings/settings-panel").then((module) => {
      panel.value = module.SettingsPanel;
    });
  }, [panel]);
  const Panel = panel.value;
  return Panel ? <Panel /> : <p class="quiet">Loading…</p>;
}

function NoticeBar() {
  const it = notice.value;
  return (
    <div class="notices" role="status">
      {it && (
        <p class="notice">
          <span>{it.text}</span>
          {it.action && (
            <button type="button" class="small" onClick={it.action.run}>
              {it.action.name}
            </button>
          )}
          <button
            type="button"
            class="icon"
            aria-label="Close the message"
            onClick={() => {
              notice.value = undefined;
            }}
          >
            <Icon name="close" />
          </button>
        </p>
      )}
    </div>
  );
}

function SideButton({ name, text }: { name: typeof side.value; text: string }) {
  return (
    <button
      type="button"
      aria-pressed={side.value === name}
      onClick={() => {
        side.value = name;
      }}
    >
      {text}
    </button>
  );
}

const THEMES: Record<Theme, { next: Theme; icon: IconName; name: string }> = {
  auto: { next: "light", icon: "auto", name: "as the system" },
  light: { next: "dark", icon: "sun", name: "light" },
  dark: { next: "auto", icon: "moon", name: "dark" },
};

function ThemeButton() {
  const { next, icon, name } = THEMES[theme.value];
  return (
    <button
      type="button"
      class="icon"
      aria-label={`Colours: ${name}. Change to ${THEMES[next].name}`}
      title={`Colours: ${name}`}
      onClick={() => {
        theme.value = next;
      }}
    >
      <Icon name={icon} />
    </button>
  );
}

function skipToResults(): void {
  side.value = "results";
  requestAnimationFrame(() => document.getElementById("results")?.focus());
}

/** Files may be dropped anywhere; whether they are being dragged over the page. */
function useDrop() {
  const isDropping = useSignal(false);
  useEffect(() => {
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const over = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      isDropping.value = true;
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) isDropping.value = false;
    };
    const drop = (event: DragEvent) => {
      isDropping.value = false;
      if (!hasFiles(event) || !event.dataTransfer) return;
      event.preventDefault();
      event.stopPropagation();
      void openDropped(event.dataTransfer);
    };
    // Before the editor, which would insert the content of the files at the cursor.
    addEventListener("dragover", over, true);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop, true);
    return () => {
      removeEventListener("dragover", over, true);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop, true);
    };
  }, [isDropping]);
  return isDropping;
}

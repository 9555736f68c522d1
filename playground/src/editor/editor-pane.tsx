/** The left side: the tabs of the files, what can be done with a file, and the editor. */
import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { loadRules } from "../rules/rules";
import { check, checkedRevision } from "../state/results";
import { activeFile, activeId, addFiles, changed, closeFile, files, renameFile } from "../state/session";
import { Icon } from "../ui/icon";
import { connect, showActive, showDiagnostics } from "./commands";
import { Editor } from "./editor";
import { saveFile } from "./files";
import { OpenButtons } from "./open-buttons";

export function EditorPane() {
  return (
    <>
      <FileBar />
      <Manifest />
    </>
  );
}

function Manifest() {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!host.current) return;
    connect(
      new Editor(host.current, {
        label: "Manifest",
        placeholder: "Paste a manifest, or drop files or a folder here.",
        onChange(id, doc) {
          const file = files.peek().find((it) => it.id === id);
          if (!file) return;
          file.doc = doc;
          changed();
        },
      }),
    );
    showActive();
  }, []);
  useSignalEffect(() => {
    void files.value;
    void activeId.value;
    showActive();
  });
  useSignalEffect(() => {
    void check.value;
    void checkedRevision.value;
    showDiagnostics();
    void loadRules().catch(() => undefined); // so that the first hover has the rule's text
  });
  return <div class="editor" id="manifest" ref={host} role="tabpanel" aria-label={activeFile.value?.name ?? "Manifest"} />;
}

function FileBar() {
  const renaming = useSignal(false);
  const active = activeFile.value;
  return (
    <div class="bar">
      <div class="file-tabs" role="tablist" aria-label="Files" onKeyDown={moveInTabs}>
        {files.value.map((file) => (
          <button
            key={file.id}
            type="button"
            role="tab"
            id={`file-${file.id}`}
            aria-selected={file.id === activeId.value}
            aria-controls="manifest"
            tabIndex={file.id === activeId.value ? 0 : -1}
            onClick={() => {
              activeId.value = file.id;
            }}
            onDblClick={() => {
              renaming.value = true;
            }}
          >
            {file.name}
          </button>
        ))}
      </div>
      <div class="tools">
        <button
          type="button"
          class="icon"
          title="New file"
          aria-label="New file"
          onClick={() => addFiles([{ name: "manifest.yaml", text: "" }])}
        >
          <Icon name="plus" />
        </button>
        <OpenButtons />
        <button
          type="button"
          class="icon"
          title="Rename"
          aria-label={`Rename ${active?.name ?? ""}`}
          onClick={() => {
            renaming.value = true;
          }}
        >
          <Icon name="pencil" />
        </button>
        <button
          type="button"
          class="icon"
          title="Download"
          aria-label={`Download ${active?.name ?? ""}`}
          onClick={() => active && saveFile(active)}
        >
          <Icon name="save" />
        </button>
        <button
          type="button"
          class="icon"
          title="Close"
          aria-label={`Close ${active?.name ?? ""}`}
          onClick={() => active && closeFile(active.id)}
        >
          <Icon name="close" />
        </button>
      </div>
      {renaming.value && active && (
        <Rename
          name={active.name}
          onDone={(name) => {
            renaming.value = false;
            if (name !== undefined && name !== active.name) renameFile(active.id, name);
            document.getElementById(`file-${active.id}`)?.focus();
          }}
        />
      )}
    </div>
  );
}

function Rename({ name, onDone }: { name: string; onDone: (name?: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.select(), []);
  return (
    <form
      class="rename"
      onSubmit={(event) => {
        event.preventDefault();
        onDone(input.current?.value);
      }}
    >
      <label>
        Name of the file
        <input ref={input} value={name} maxLength={300} onKeyDown={(event) => event.key === "Escape" && onDone()} />
      </label>
      <button type="submit" class="primary">
        Rename
      </button>
      <button type="button" onClick={() => onDone()}>
        Cancel
      </button>
    </form>
  );
}

/** Arrow keys move between tabs, Delete closes one. */
function moveInTabs(event: KeyboardEvent): void {
  const ids = files.value.map((file) => file.id);
  const position = ids.indexOf(activeId.value);
  const target = {
    ArrowRight: (position + 1) % ids.length,
    ArrowLeft: (position - 1 + ids.length) % ids.length,
    Home: 0,
    End: ids.length - 1,
  }[event.key];
  if (event.key === "Delete") closeFile(activeId.value);
  else if (target === undefined) return;
  else activeId.value = ids[target] ?? activeId.value;
  event.preventDefault();
  requestAnimationFrame(() => document.getElementById(`file-${activeId.value}`)?.focus());
}

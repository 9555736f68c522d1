/** What would be injected, as a diff of the files. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { isChecking, previews } from "../state/results";
import { fileNamed, textOf } from "../state/session";
import { CopyButton } from "../ui/copy";
import type { FilePreview, Outcome } from "../wasm/playground";

const OUTCOMES: Record<Outcome, { sign: string; words: string }> = {
  injected: { sign: "+", words: "gets its identity" },
  unwritable: { sign: "+", words: "gets its identity, which the way the file is written does not let the diff show in place" },
  "no-identity": { sign: "=", words: "asks for no identity" },
  unchanged: { sign: "=", words: "has everything already" },
  rejected: { sign: "×", words: "is rejected" },
};

/** How many pods are listed. */
const PODS = 50;

/** A text before and after. */
interface Change {
  name: string;
  before: string;
  after: string;
}

export function DiffPanel() {
  const chosen = useSignal<string | undefined>(undefined);
  const result = previews.value;
  if (!result) return <p class="quiet">Checking…</p>;
  const { files, injects } = result.value;
  const changes = files.flatMap(changesOf);
  const shown = changes.find((change) => change.name === chosen.value) ?? changes[0];
  return (
    <>
      {!injects && (
        <p class="quiet">
          The settings do not inject. This is what the policy would inject with <code>inject: {"{}"}</code>, in place of
          Microsoft's webhook.
        </p>
      )}
      <Pods files={files} />
      {changes.length > 1 && (
        <label class="inline">
          Diff of
          <select
            value={shown?.name}
            onChange={(event) => {
              chosen.value = event.currentTarget.value;
            }}
          >
            {changes.map((change) => (
              <option key={change.name}>{change.name}</option>
            ))}
          </select>
        </label>
      )}
      {shown && (
        <div class="headline">
          <p>
            <code>{shown.name}</code> <span class="added">+ added</span> <span class="removed">− removed</span>
          </p>
          <CopyButton text={shown.after} name="Copy the result" />
        </div>
      )}
      {shown ? <Diff change={shown} /> : <p class="quiet">{isChecking.value ? "Checking…" : "Nothing would be injected."}</p>}
      {result.more > 0 && <p class="quiet">{result.more.toLocaleString("en")} more files are too large to be shown.</p>}
    </>
  );
}

/** The change of the file, and of the objects that cannot be shown in it. */
function changesOf(file: FilePreview): Change[] {
  const open = fileNamed(file.name);
  const before = open ? textOf(open.doc) : file.text;
  const whole = before === file.text ? [] : [{ name: file.name, before, after: file.text }];
  const objects = file.pods.flatMap((pod) => (pod.json ? [{ name: `${pod.object}, as JSON`, ...pod.json }] : []));
  return [...whole, ...objects];
}

function Pods({ files }: { files: FilePreview[] }) {
  const pods = files.flatMap((file) => file.pods);
  if (pods.length === 0) return null;
  return (
    <ul class="pods">
      {pods.slice(0, PODS).map(({ object, path, outcome, note }) => (
        <li key={`${object} ${path}`} class={outcome}>
          <span class="mark" aria-hidden="true">
            {OUTCOMES[outcome].sign}
          </span>
          <span>
            <strong>{object}</strong> {OUTCOMES[outcome].words}
            {note && `: ${note}`}
          </span>
        </li>
      ))}
      {pods.length > PODS && <li>and {(pods.length - PODS).toLocaleString("en")} more</li>}
    </ul>
  );
}

function Diff({ change }: { change: Change }) {
  const host = useRef<HTMLDivElement>(null);
  const { name, before, after } = change;
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    let end: (() => void) | undefined;
    let isGone = false;
    void import("../editor/diff-view").then(({ showDiff }) => {
      if (!isGone) end = showDiff(element, before, after, `What would be injected into ${name}`);
    });
    return () => {
      isGone = true;
      end?.();
    };
  }, [name, before, after]);
  return <div class="diff" ref={host} />;
}

/** What would be injected, as a diff of the files. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { isChecking, previews } from "../state/results";
import { fileNamed, textOf } from "../state/session";
import { CopyButton } from "../ui/copy";
import { objectName } from "../ui/object-name";
import type { InjectedFile, NamedPod } from "../wasm/playground";

const OUTCOMES = {
  injected: { sign: "+", words: "gets its identity" },
  unwritable: { sign: "+", words: "gets its identity, which the way the file is written does not let the diff show in place" },
  "no-identity": { sign: "=", words: "asks for no identity" },
  rejected: { sign: "×", words: "is rejected" },
  other: { sign: "=", words: "has everything already" },
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
function changesOf(file: InjectedFile): Change[] {
  const open = fileNamed(file.name);
  const before = open ? textOf(open.doc) : file.text;
  const whole = before === file.text ? [] : [{ name: file.name, before, after: file.text }];
  const objects = file.pods.flatMap(({ object, outcome }) =>
    outcome.kind === "unwritable"
      ? [{ name: `${objectName(object)}, as JSON`, before: outcome.before, after: outcome.after }]
      : [],
  );
  return [...whole, ...objects];
}

function Pods({ files }: { files: InjectedFile[] }) {
  const pods = files.flatMap((file) => file.pods);
  if (pods.length === 0) return null;
  return (
    <ul class="pods">
      {pods.slice(0, PODS).map((pod) => (
        <Pod key={`${objectName(pod.object)} ${pod.path}`} {...pod} />
      ))}
      {pods.length > PODS && <li>and {(pods.length - PODS).toLocaleString("en")} more</li>}
    </ul>
  );
}

function Pod({ object, outcome }: NamedPod) {
  const kind = outcome.kind === "unchanged" ? outcome.cause : outcome.kind;
  const note = outcome.kind === "unchanged" ? outcome.reason : outcome.note;
  return (
    <li class={kind}>
      <span class="mark" aria-hidden="true">
        {OUTCOMES[kind].sign}
      </span>
      <span>
        <strong>{objectName(object)}</strong> {OUTCOMES[kind].words}
        {note && `: ${note}`}
      </span>
    </li>
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

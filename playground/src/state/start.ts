/** Where the first state comes from: the link, else what was kept, else an example. And what keeps it from then on. */
import { effect } from "@preact/signals";
import { type Example, exampleOf, loadExamples, snapshotOf } from "./examples";
import { notice, tell } from "./notice";
import { activeId, currentSnapshot, isOwn, restore, revision, totalLength } from "./session";
import { decode, isLink } from "./share";
import type { Snapshot } from "./snapshot";
import { load, MAX_KEPT, save } from "./storage";

/** What is shown at the first visit. */
const FIRST = "two-problems";
const EMPTY: Snapshot = {
  files: [{ name: "manifest.yaml", text: "" }],
  active: 0,
  settings: "",
  issuer: "",
  namespace: "",
  credentials: [],
};

/** The person's own work that something replaced. */
let previous: Snapshot | undefined;

export async function startSession(): Promise<void> {
  const kept = load();
  previous = kept?.previous;
  if (kept) restore(kept.session, kept.isOwn);
  const opened = await openFragment();
  if (!opened && !kept) await showFirst();
  addEventListener("hashchange", () => void openFragment());
  keep();
}

/** Replaces everything by what is not the person's own; their work can be brought back. */
export function replace(snapshot: Snapshot, text: string): void {
  if (isOwn.value) previous = currentSnapshot();
  const before = previous;
  restore(snapshot, false);
  if (before) tell(text, { name: "Back to my work", run: () => bringBack(before) });
  else notice.value = undefined;
}

export function openExample(example: Example): void {
  replace(snapshotOf(example), `The example ${example.name} replaced your work.`);
}

function bringBack(snapshot: Snapshot): void {
  previous = undefined;
  restore(snapshot, true);
  notice.value = undefined;
}

/** Opens what the address names, and takes it out of the address: from now on the state is the person's. */
async function openFragment(): Promise<boolean> {
  const fragment = location.hash;
  const name = exampleOf(fragment);
  if (!isLink(fragment) && name === undefined) return false;
  history.replaceState(null, "", location.pathname + location.search);
  if (name !== undefined) {
    const example = (await loadExamples()).find((it) => it.name === name);
    if (example) openExample(example);
    else tell(`There is no example ${name}.`);
    return example !== undefined;
  }
  const decoded = await decode(fragment);
  if (typeof decoded === "string") {
    tell(decoded);
    return false;
  }
  replace(decoded, "The link replaced your work.");
  if (!notice.value) tell("Opened from a link. Nothing was uploaded: the link itself holds the manifest.");
  return true;
}

async function showFirst(): Promise<void> {
  const examples = await loadExamples().catch(() => []);
  const first = examples.find((example) => example.name === FIRST) ?? examples[0];
  restore(first ? snapshotOf(first) : EMPTY, false);
}

const KEEP_AFTER_MS = 500;

function keep(): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isPending = false;
  let isTold = false;
  const now = () => {
    clearTimeout(timer);
    if (!isPending) return;
    isPending = false;
    // Joining the text of a large file takes time, so its length is asked first.
    const isSmall = totalLength() <= MAX_KEPT;
    const isKept = save(isSmall ? { session: currentSnapshot(), isOwn: isOwn.value, ...(previous && { previous }) } : undefined);
    if (isKept) isTold = false;
    else if (!isTold && isOwn.value) {
      isTold = true;
      tell("The files are too large to survive a reload. Save them before you leave the page.");
    }
  };
  effect(() => {
    void revision.value;
    void activeId.value;
    isPending = true;
    clearTimeout(timer);
    timer = setTimeout(now, KEEP_AFTER_MS);
  });
  addEventListener("pagehide", now);
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && now());
}

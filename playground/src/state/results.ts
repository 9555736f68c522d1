/** The answers about the session: checks it after each change, and holds what the checker says. */
import { effect, signal } from "@preact/signals";
import type { Answer, Chains, Previews, Report } from "../wasm/playground";
import { Checker } from "../worker/checker";
import type { Cut } from "../worker/protocol";
import { currentInput, files, revision, totalLength } from "./session";

export const check = signal<Cut<Report> | undefined>(undefined);
/** The revision that `check` is about: its places fit only this text. */
export const checkedRevision = signal(-1);
export const answers = signal<Cut<Answer[]> | undefined>(undefined);
export const previews = signal<Cut<Previews> | undefined>(undefined);
export const chains = signal<Cut<Chains> | undefined>(undefined);
export const isChecking = signal(true);
export const failure = signal<string | undefined>(undefined);

/** How long the typing must rest. */
const REST_MS = 120;
const LARGE = 300_000;
const LARGE_REST_MS = 500;

/** Starts the worker, which loads while the session does; from then on, each change is checked. */
export function startChecking(): void {
  const checker = new Checker({
    started: () => {
      failure.value = undefined;
    },
    checked: (result, of) => {
      check.value = result;
      checkedRevision.value = of;
    },
    answered: (result) => {
      answers.value = result;
    },
    previewed: (result) => {
      previews.value = result;
    },
    chained: (result) => {
      chains.value = result;
    },
    finished: () => {
      isChecking.value = false;
    },
    failed: (message) => {
      failure.value = message;
      isChecking.value = false;
    },
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isFirst = true;
  effect(() => {
    const current = revision.value;
    if (files.peek().length === 0) return; // The session has not started.
    isChecking.value = true;
    clearTimeout(timer);
    const rest = isFirst ? 0 : totalLength() > LARGE ? LARGE_REST_MS : REST_MS;
    isFirst = false;
    timer = setTimeout(() => checker.submit({ revision: current, input: currentInput }), rest);
  });
}

/** Whether the findings are about the text as it stands, so that their changes can be applied. */
export function isCurrent(): boolean {
  return checkedRevision.value === revision.value;
}

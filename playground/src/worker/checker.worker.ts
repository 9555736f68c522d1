/** The worker: holds the adapter, which does all the checking, so that typing never waits for it. */
import { expose } from "comlink";
import init, { type PageInput, Workspace } from "../wasm/playground";
import module from "../wasm/playground_bg.wasm?url";
import { type CheckerApi, LIMITS } from "./protocol";

const ready = init({ module_or_path: module });
let workspace: Workspace | undefined;

const api: { [K in keyof CheckerApi]: (...args: Parameters<CheckerApi[K]>) => Promise<ReturnType<CheckerApi[K]>> } = {
  async check(input: PageInput) {
    await ready;
    workspace?.free();
    workspace = undefined;
    workspace = new Workspace(input);
    const check = workspace.check();
    const more = Math.max(0, check.findings.length - LIMITS.findings);
    return {
      value: { ...check, findings: check.findings.slice(0, LIMITS.findings), errors: check.errors.slice(0, LIMITS.findings) },
      more,
    };
  },
  async answers() {
    const answers = current().answers();
    const kept = withinCharacters(answers.slice(0, LIMITS.answers));
    return { value: kept, more: answers.length - kept.length };
  },
  async previews() {
    const previews = current().previews();
    const files = withinCharacters(previews.files).slice(0, LIMITS.answers);
    return { value: { ...previews, files }, more: previews.files.length - files.length };
  },
  async chains() {
    const chains = current().chains();
    const more = Math.max(0, chains.chains.length - LIMITS.chains);
    return {
      value: { ...chains, chains: chains.chains.slice(0, LIMITS.chains), findings: chains.findings.slice(0, LIMITS.findings) },
      more,
    };
  },
};

function current(): Workspace {
  if (!workspace) throw new Error("nothing was checked");
  return workspace;
}

/** As many as have no more characters together than the limit. */
function withinCharacters<T extends { text: string }>(texts: T[]): T[] {
  let left = LIMITS.characters;
  return texts.filter(({ text }) => {
    left -= text.length;
    return left >= 0;
  });
}

expose(api);

/** The examples, which are loaded when they are asked for. */
import type { TextFile } from "../wasm/playground";
import type { Snapshot } from "./snapshot";

export interface Example {
  /** The name of its folder: that of the rule, if it shows one. */
  name: string;
  isRule: boolean;
  /** A sentence. */
  about: string;
  files: TextFile[];
  settings: string;
  issuer: string;
  namespace: string;
  credentials: TextFile[];
}

export async function loadExamples(): Promise<Example[]> {
  return (await import("virtual:examples")).default;
}

export function snapshotOf({ files, settings, issuer, namespace, credentials }: Example): Snapshot {
  return { files, active: 0, settings, issuer, namespace, credentials };
}

/** The name in an address such as `#example=label-value`, which other pages can link to. */
export function exampleOf(fragment: string): string | undefined {
  return /^#example=([A-Za-z0-9-]+)$/.exec(fragment)?.[1];
}

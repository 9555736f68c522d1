/** What the page and its worker say to each other: the questions of the adapter, cut to what a page can show. */
import type { Answer, Chains, PageInput, Previews, Report } from "../wasm/playground";

/** How many of a kind leave the worker. Even a browser that shows few of them has to copy all of them. */
export const LIMITS = { findings: 1_000, answers: 500, characters: 2_000_000, chains: 50 };

export interface CheckerApi {
  check(input: PageInput): Cut<Report>;
  answers(): Cut<Answer[]>;
  previews(): Cut<Previews>;
  chains(): Cut<Chains>;
}

/** An answer, and how many more there were. */
export interface Cut<T> {
  value: T;
  more: number;
}

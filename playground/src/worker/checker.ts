/**
 * The page's side of the worker: the newest input wins.
 *
 * While a check runs, only the newest input waits. A check that runs for long is stopped by ending its worker, because WebAssembly
 * cannot be interrupted. The answers of one input arrive one after the other, and stop as soon as there is a newer input.
 */
import { type Remote, wrap } from "comlink";
import type { Answer, Chains, PageInput, Previews, Report } from "../wasm/playground";
import type { CheckerApi, Cut } from "./protocol";

/** What the page hears. Answers of one input are all of the same `revision`. */
export interface Listener {
  started(): void;
  checked(check: Cut<Report>, revision: number): void;
  answered(answers: Cut<Answer[]>): void;
  previewed(previews: Cut<Previews>): void;
  chained(chains: Cut<Chains>): void;
  /** All answers are there. */
  finished(): void;
  failed(message: string): void;
}

/** The input is made only when it is needed, because the text of a large file takes time to join. */
export interface Job {
  revision: number;
  input: () => PageInput;
}

const PATIENCE_MS = 1_000;

export class Checker {
  #worker: { thread: Worker; api: Remote<CheckerApi> } | undefined;
  #running = false;
  #startedAt = 0;
  #waiting: Job | undefined;
  #generation = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly listener: Listener) {
    this.#start();
  }

  submit(job: Job): void {
    this.#waiting = job;
    if (!this.#running) {
      void this.#work();
      return;
    }
    clearTimeout(this.#timer);
    const left = this.#startedAt + PATIENCE_MS - performance.now();
    this.#timer = setTimeout(() => this.#restart(), Math.max(0, left));
  }

  #start(): { thread: Worker; api: Remote<CheckerApi> } {
    const thread = new Worker(new URL("./checker.worker.ts", import.meta.url), { type: "module", name: "checker" });
    thread.addEventListener("error", (event) => this.#crashed(event.message));
    this.#worker = { thread, api: wrap<CheckerApi>(thread) };
    return this.#worker;
  }

  #restart(): void {
    if (!this.#waiting) return;
    this.#stop();
    void this.#work();
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#generation++;
    this.#running = false;
    this.#worker?.thread.terminate();
    this.#worker = undefined;
  }

  /** The next input starts another worker: one that cannot be loaded must not be started again and again. */
  #crashed(message: string): void {
    this.#stop();
    this.#waiting = undefined;
    this.listener.failed(message || "the checker could not be loaded");
  }

  async #work(): Promise<void> {
    const job = this.#waiting;
    if (!job) return;
    const { api } = this.#worker ?? this.#start();
    this.#waiting = undefined;
    this.#running = true;
    this.#startedAt = performance.now();
    const generation = ++this.#generation;
    const isStale = () => generation !== this.#generation || this.#waiting !== undefined;
    try {
      this.listener.started();
      const check = await api.check(job.input());
      if (!isStale()) {
        this.listener.checked(check, job.revision);
        const answers = await api.answers();
        if (!isStale()) this.listener.answered(answers);
      }
      if (!isStale()) {
        const previews = await api.previews();
        if (!isStale()) this.listener.previewed(previews);
      }
      if (!isStale()) {
        const chains = await api.chains();
        if (!isStale()) this.listener.chained(chains);
      }
      if (!isStale()) this.listener.finished();
    } catch (error) {
      // After a panic the adapter is unusable.
      if (generation === this.#generation) this.#crashed(error instanceof Error ? error.message : String(error));
    }
    if (generation !== this.#generation) return;
    this.#running = false;
    clearTimeout(this.#timer);
    void this.#work();
  }
}

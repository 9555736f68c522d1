import { expose } from "comlink";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { PageInput } from "../../src/wasm/playground";
import { Checker, type Listener } from "../../src/worker/checker";

/** Workers that take as long as the text of the input says, and answer with its name. */
class SlowWorker {
  static started = 0;
  static ended = 0;
  readonly #ports = new MessageChannel();
  readonly #isBroken: boolean;

  constructor() {
    SlowWorker.started++;
    this.#isBroken = broken;
    const api = {
      check: async (input: PageInput) => {
        if (input.settings === "panic") throw new Error("a panic");
        await new Promise((resolve) => setTimeout(resolve, Number(input.settings)));
        return { value: input.files[0]?.name, more: 0 };
      },
      answers: () => ({ value: [], more: 0 }),
      previews: () => ({ value: {}, more: 0 }),
      chains: () => ({ value: {}, more: 0 }),
    };
    expose(api, this.#ports.port1 as never);
    this.#ports.port2.start();
  }

  addEventListener(type: string, listener: (event: unknown) => void): void {
    if (type === "message")
      this.#ports.port2.addEventListener("message", (event) => listener({ data: (event as MessageEvent).data as unknown }));
    else if (type === "error" && this.#isBroken) setTimeout(() => listener({ message: "not found" }), 1);
  }

  removeEventListener(): void {}

  postMessage(message: unknown): void {
    if (!this.#isBroken) this.#ports.port2.postMessage(message);
  }

  terminate(): void {
    SlowWorker.ended++;
    this.#ports.port2.close();
  }
}

let broken = false;
let log: string[];
let checker: Checker;

beforeEach(() => {
  broken = false;
  vi.stubGlobal("Worker", SlowWorker);
  SlowWorker.started = 0;
  SlowWorker.ended = 0;
  log = [];
  const listener: Listener = {
    started: () => undefined,
    checked: (check) => log.push(`checked ${String(check.value)}`),
    answered: () => undefined,
    previewed: () => undefined,
    chained: () => undefined,
    finished: () => log.push("finished"),
    failed: (message) => log.push(`failed: ${message}`),
  };
  checker = new Checker(listener);
});
afterEach(() => vi.unstubAllGlobals());

function submit(name: string, cost: number | "panic"): void {
  const input: PageInput = { files: [{ name, text: "" }], settings: String(cost), credentials: [] };
  checker.submit({ revision: 0, input: () => input });
}

test("of the inputs that come during a check only the newest is checked, and the running one is not shown", async () => {
  submit("a", 30);
  for (const name of ["b", "c", "d"]) submit(name, 1);
  await expect.poll(() => log).toEqual(["checked d", "finished"]);
  expect(SlowWorker.started).toBe(1);
});

test("a check that runs for long is ended for a newer input", async () => {
  submit("endless", 1_000_000);
  submit("next", 1);
  await expect.poll(() => log, { timeout: 3_000 }).toEqual(["checked next", "finished"]);
  expect([SlowWorker.started, SlowWorker.ended]).toEqual([2, 1]);
});

test("a check that runs for long is left alone while nothing changes", async () => {
  submit("slow", 1_300);
  await expect.poll(() => log, { timeout: 3_000 }).toEqual(["checked slow", "finished"]);
  expect(SlowWorker.ended).toBe(0);
});

test("after a panic the next input has a new worker", async () => {
  submit("a", "panic");
  await expect.poll(() => log).toEqual(["failed: a panic"]);
  submit("b", 1);
  await expect.poll(() => log).toEqual(["failed: a panic", "checked b", "finished"]);
  expect(SlowWorker.started).toBe(2);
});

test("a worker that cannot be loaded is not started again and again", async () => {
  broken = true;
  submit("a", 1);
  await expect.poll(() => log.length).toBeGreaterThan(0);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(SlowWorker.started).toBeLessThanOrEqual(2);
});

/**
 * A visit of the built page in a real browser.
 *
 * Every visit watches what the page must never do: ask another origin, violate its content security policy, or report an error.
 */
import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from "playwright-core";
import { expect } from "vitest";
import type { Snapshot } from "../../src/state/snapshot";
import { type Server, serve } from "./server";

export const DIST = new URL("../../dist", import.meta.url).pathname;

const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export interface Site {
  server: Server;
  browser: Browser;
  close(): Promise<void>;
}

export async function openSite(): Promise<Site> {
  if (!existsSync(DIST)) throw new Error("there is no playground/dist: run `cargo playground build` first");
  const executablePath = process.env.CHROMIUM ?? BROWSERS.find(existsSync);
  if (executablePath === undefined) throw new Error("there is no browser: install Chromium, or set CHROMIUM to its path");
  const server = await serve(DIST);
  const browser = await chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-lcd-text",
      // No name has an address, so that nothing could leave this machine.
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ],
  });
  return {
    server,
    browser,
    close: async () => {
      await browser.close();
      await server.close();
    },
  };
}

export interface VisitOptions extends BrowserContextOptions {
  /** What an earlier visit left. */
  kept?: Partial<Snapshot> & { isOwn?: boolean };
  fragment?: string;
  /** Runs before the scripts of the page. */
  before?: () => void;
}

export class Visit {
  readonly requests: string[] = [];
  readonly faults: string[] = [];

  private constructor(
    readonly site: Site,
    readonly page: Page,
  ) {}

  /** Opens the page, and waits until the first check is complete. */
  static async start(site: Site, { kept, fragment = "", before, ...options }: VisitOptions = {}): Promise<Visit> {
    const context = await site.browser.newContext({
      viewport: { width: 1280, height: 800 },
      reducedMotion: "reduce",
      ...options,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    const visit = new Visit(site, page);
    context.on("request", (request) => visit.requests.push(request.url()));
    page.on("console", (message) => {
      const isFault = message.type() === "error" || message.type() === "warning";
      // Tests of speed block the service worker, which Playwright says.
      if (isFault && !message.text().includes("blocked by Playwright")) visit.faults.push(message.text());
    });
    page.on("pageerror", (error) => visit.faults.push(error.message));
    await page.addInitScript(() =>
      document.addEventListener("securitypolicyviolation", (event) =>
        console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`),
      ),
    );
    if (before) await page.addInitScript(before);
    if (kept) {
      const { isOwn = true, ...snapshot } = kept;
      const session = { files: [{ name: "manifest.yaml", text: "" }], ...snapshot };
      await page.addInitScript((text) => {
        if (!localStorage.getItem("azwi-playground")) localStorage.setItem("azwi-playground", text);
      }, JSON.stringify({ session, isOwn }));
    }
    await page.goto(site.server.url + fragment);
    await visit.settled();
    return visit;
  }

  /** Waits until the newest text is checked. */
  async settled(): Promise<void> {
    // A change is noticed at once, and checked a little later.
    await this.page.locator(".busy:not(.on)").waitFor({ state: "attached", timeout: 30_000 });
  }

  tab(name: string): Locator {
    return this.page.getByRole("tab", { name: new RegExp(`^${name}`) });
  }

  async openTab(name: "Findings" | "Answer" | "Diff" | "Chain" | "Settings"): Promise<Locator> {
    await this.tab(name).click();
    const panel = this.page.getByRole("tabpanel", { name: new RegExp(`^${name}`) });
    await panel.waitFor();
    return panel;
  }

  get manifest(): Locator {
    return this.page.getByRole("textbox", { name: "Manifest" });
  }

  findings(): Locator {
    return this.page.locator(".finding");
  }

  /** The rules of the findings, in their order. */
  async rules(): Promise<string[]> {
    return this.page.locator(".finding .rule").allTextContents();
  }

  /** The whole text of the file that is shown: what would be saved. */
  async text(): Promise<string> {
    const [download] = await Promise.all([
      this.page.waitForEvent("download"),
      this.page.getByRole("button", { name: /^Download / }).click(),
    ]);
    const chunks: Buffer[] = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString("utf8");
  }

  /** Replaces the text of the file that is shown, as a paste does. */
  async paste(text: string): Promise<void> {
    await paste(this.page, text);
  }

  /** Ends the visit, and asserts that nothing happened that must never happen. */
  async end(): Promise<void> {
    const foreign = this.requests.filter((url) => !url.startsWith(this.site.server.url) && !url.startsWith("blob:"));
    await this.page.context().close();
    expect(foreign, "requests to another place than the page's own").toEqual([]);
    expect(this.faults, "errors, warnings and violations of the policy").toEqual([]);
  }
}

/** Replaces the text of the editor. */
export async function paste(page: Page, text: string): Promise<void> {
  await page.getByRole("textbox", { name: "Manifest" }).click();
  await page.keyboard.press("Control+a");
  await page.evaluate((pasted) => {
    const content = document.querySelector("#manifest")?.shadowRoot?.querySelector(".cm-content");
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", pasted);
    content?.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, text);
}

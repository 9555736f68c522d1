/** The page for people who see little, use no mouse, or have a small screen. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type axe from "axe-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { credentials, ISSUER, WRONG, workload } from "./manifests";
import { openSite, type Site, Visit, type VisitOptions } from "./visit";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const KEPT = {
  kept: {
    files: [
      { name: "orders.yaml", text: WRONG },
      { name: "billing.yaml", text: workload().replaceAll("orders", "billing") },
      { name: "broken.yaml", text: "kind: Pod\nmetadata: {\n" },
    ],
    settings:
      "rules: {label-value: warn}\nidentities:\n- {clientId: 3f5c0f6e-9a41-4f0e-8a5d-2b7c1e4d9a10, serviceAccounts: [shop/orders]}\ninject: {proxy: {}}\nrulez: 1\n",
    issuer: ISSUER,
    credentials: [{ name: "list.json", text: credentials("system:serviceaccount:shop:order") }],
  },
} satisfies VisitOptions;
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true };
const TABS = ["Findings", "Answer", "Diff", "Chain", "Settings"] as const;

let site: Site;
let visit: Visit;
beforeAll(async () => {
  site = await openSite();
});
afterAll(() => site.close());
afterEach(() => visit.end());

/** The serious and critical issues that axe finds. */
async function issues(): Promise<string[]> {
  const { page } = visit;
  // The policy of the page allows no script of a test, so axe comes through the debugger.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run());
  return violations
    .filter((violation) => violation.impact === "serious" || violation.impact === "critical")
    .flatMap((violation) => violation.nodes.map((node) => `${violation.id}: ${node.target.join(" ")}: ${node.failureSummary}`));
}

describe.each([
  ["light", { colorScheme: "light" }],
  ["dark", { colorScheme: "dark" }],
  ["on a phone", PHONE],
  ["dark, on a phone", { ...PHONE, colorScheme: "dark" }],
] as const)("axe finds no serious or critical issue: %s", (_, options) => {
  const isPhone = "viewport" in options;

  test.each(TABS)("%s", async (tab) => {
    visit = await Visit.start(site, { ...KEPT, ...options });
    if (isPhone) await visit.page.getByRole("button", { name: "Results", exact: true }).click();
    await visit.openTab(tab);
    if (tab === "Settings") await visit.page.getByText("Install them").click();
    if (tab === "Diff") await visit.page.locator(".diff .cm-content").waitFor();
    if (tab === "Findings") await visit.page.getByRole("button", { name: "About the rule misspelt-key" }).click();
    expect(await issues()).toEqual([]);
  });

  test.each(["Examples", "Share"])("the dialog %s", async (name) => {
    visit = await Visit.start(site, { ...KEPT, ...options });
    await visit.page.getByRole("button", { name, exact: true }).click();
    await visit.page
      .getByRole("dialog")
      .getByRole(name === "Share" ? "textbox" : "searchbox")
      .waitFor();
    expect(await issues()).toEqual([]);
  });

  test("the manifest, a hover and a message", async () => {
    visit = await Visit.start(site, { ...KEPT, ...options, fragment: "#v1.AAAA" });
    await visit.page.locator(".cm-lintRange").first().hover();
    await visit.page.locator(".cm-tooltip-lint").getByText("Why it matters").waitFor();
    expect(await issues()).toEqual([]);
  });
});

describe("360 pixels are enough", () => {
  const isScrolled = () => visit.page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);

  test.each(TABS)("%s", async (tab) => {
    visit = await Visit.start(site, { ...KEPT, ...PHONE });
    const { page } = visit;
    await page.getByRole("button", { name: "Results", exact: true }).click();
    const panel = await visit.openTab(tab);
    if (tab === "Settings") await page.getByText("Install them").click();
    expect(await isScrolled()).toBe(false);
    expect(await panel.evaluate((element) => element.scrollWidth - element.clientWidth)).toBe(0);
  });

  test("a finding leads to the manifest", async () => {
    visit = await Visit.start(site, { ...KEPT, ...PHONE });
    const { page } = visit;
    await page.getByRole("button", { name: "Results", exact: true }).click();
    expect(await visit.manifest.isVisible()).toBe(false);
    await page.locator(".finding .go").first().click();
    await expect.poll(() => visit.manifest.isVisible()).toBe(true);
    expect(await isScrolled()).toBe(false);
  });
});

describe("without a mouse", () => {
  const focused = () =>
    visit.page.evaluate(() => {
      const element = document.activeElement?.shadowRoot?.activeElement ?? document.activeElement;
      return element?.getAttribute("aria-label") ?? element?.textContent?.trim() ?? "";
    });

  /** Presses Tab until the focus is there; the number of steps says whether the order is sensible. */
  async function tabTo(name: RegExp, most: number): Promise<void> {
    for (let step = 0; step < most; step++) {
      await visit.page.keyboard.press("Tab");
      if (name.test(await focused())) return;
    }
    throw new Error(`${name} is not within ${most} steps; the focus is on ${await focused()}`);
  }

  test("a fix is found and applied from the top of the page", async () => {
    visit = await Visit.start(site, { kept: { files: [{ name: "orders.yaml", text: WRONG }] } });
    const { page } = visit;
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("Skip to the results");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("results");
    await tabTo(/^Findings/, 2);
    await tabTo(/^Fix label-value/, 6);
    await page.keyboard.press("Enter");
    await expect.poll(() => visit.rules()).toEqual(["misspelt-key"]);
  });

  test("every part is reached in the order in which it is seen, and nothing keeps the focus", async () => {
    visit = await Visit.start(site, { kept: { files: [{ name: "orders.yaml", text: WRONG }] } });
    for (const name of [
      /^Skip/,
      /^Examples/,
      /^Share/,
      /^Colours/,
      /^Project/,
      /^orders.yaml/,
      /^New file/,
      /^Close orders/,
      /^Manifest/,
      /^Findings/,
    ]) {
      await tabTo(name, 6);
    }
  });

  test("arrow keys move between tabs, and Enter leads to the place", async () => {
    visit = await Visit.start(site, { kept: { files: [{ name: "orders.yaml", text: WRONG }] } });
    const { page } = visit;
    await visit.tab("Findings").focus();
    await page.keyboard.press("ArrowRight");
    expect(await visit.tab("Answer").getAttribute("aria-selected")).toBe("true");
    await page.keyboard.press("End");
    expect(await visit.tab("Settings").getAttribute("aria-selected")).toBe("true");
    await page.keyboard.press("Home");
    await tabTo(/^Deniedlabel-value/, 5);
    await page.keyboard.press("Enter");
    await expect.poll(focused).toBe("Manifest");
    await page.keyboard.press("F8");
    await expect.poll(() => page.locator(".cm-activeLineGutter").first().textContent()).toBe("25");
  });

  test("a dialog takes the focus and gives it back", async () => {
    visit = await Visit.start(site, { kept: { files: [{ name: "orders.yaml", text: WRONG }] } });
    const { page } = visit;
    await page.getByRole("button", { name: "Examples" }).focus();
    await page.keyboard.press("Enter");
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("type"))).toBe("search");
    await page.keyboard.press("Escape");
    expect(await page.getByRole("dialog").count()).toBe(0);
    expect(await focused()).toBe("Examples");
  });
});

/** The pictures of the documentation: `npm run screenshots` writes them to docs/. */
import { statSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSite, type Site, Visit, type VisitOptions } from "./page/visit";

const DOCS = new URL("../../docs/", import.meta.url).pathname;
/** A page of the documentation is not slower for them. */
const MOST_BYTES = 150_000;

let site: Site;
beforeAll(async () => {
  site = await openSite();
});
afterAll(() => site.close());

const WIDE = { viewport: { width: 1200, height: 720 } };
const PHONE = { viewport: { width: 390, height: 800 }, hasTouch: true };

interface Picture {
  options: VisitOptions;
  /** What is done before the picture is taken. */
  steps?: (visit: Visit) => Promise<unknown>;
}

const wide = async (visit: Visit) => {
  await visit.openTab("Chain");
  await visit.page.getByRole("button", { name: "Results over the whole width" }).click();
};

const PICTURES: Record<string, Picture> = {
  light: { options: { ...WIDE, colorScheme: "light", fragment: "#example=two-problems" } },
  dark: {
    options: { viewport: { width: 1160, height: 620 }, colorScheme: "dark", fragment: "#example=injection" },
    steps: (visit) => visit.openTab("Diff"),
  },
  phone: {
    options: { ...PHONE, fragment: "#example=two-problems" },
    steps: (visit) => visit.page.getByRole("button", { name: "Results", exact: true }).click(),
  },
  "chain-broken": { options: { ...WIDE, fragment: "#example=chain-broken" }, steps: wide },
  "chain-complete": { options: { ...WIDE, fragment: "#example=chain-complete" }, steps: wide },
};

test.each(Object.entries(PICTURES))("%s", async (name, { options, steps }) => {
  const visit = await Visit.start(site, options);
  await steps?.(visit);
  await visit.page.waitForTimeout(500);
  const path = `${DOCS}playground-${name}.png`;
  await visit.page.screenshot({ path, animations: "disabled", caret: "hide" });
  await visit.end();
  expect(statSync(path).size).toBeLessThan(MOST_BYTES);
});

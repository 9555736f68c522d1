/** What a person does on the page. */
import { cp, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { readExamples } from "../../build/examples";
import { credentials, ISSUER, WRONG, workload } from "./manifests";
import { serve } from "./server";
import { DIST, openSite, type Site, Visit, type VisitOptions } from "./visit";

let site: Site;
let visit: Visit;
beforeAll(async () => {
  site = await openSite();
});
afterAll(() => site.close());
afterEach(() => visit.end());

async function start(options?: VisitOptions): Promise<Visit> {
  visit = await Visit.start(site, options);
  return visit;
}

const orders = (text: string) => ({ kept: { files: [{ name: "orders.yaml", text }] } });

describe("the first visit", () => {
  test("shows an example with findings, and says that nothing is uploaded", async () => {
    const { page } = await start();
    expect(await page.getByRole("banner").textContent()).toContain("Nothing is uploaded");
    expect(await visit.findings().count()).toBeGreaterThan(0);
    expect(await visit.manifest.textContent()).toContain("azure.workload.identity/");
  });
});

describe("examples", () => {
  const examples = readExamples();
  test("are there", () => expect(examples.length).toBeGreaterThan(40));

  test("are found by words, and replace what is shown; own work comes back", async () => {
    const { page } = await start(orders(WRONG));
    await page.getByRole("button", { name: "Examples" }).click();
    await page.getByLabel("Search").fill("client-id-format");
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /^client-id-format/ })
      .click();
    await visit.settled();
    await expect.poll(() => visit.rules()).toContain("client-id-format");
    await page.getByRole("button", { name: "Back to my work" }).click();
    await expect.poll(() => visit.manifest.textContent()).toContain('"True"');
  });

  test("each shows what it is an example of", async () => {
    const { page } = await start();
    const files = () => page.getByRole("tablist", { name: "Files" }).getByRole("tab").allTextContents();
    for (const { name, isRule, files: expected } of examples) {
      await page.evaluate((example) => {
        location.hash = `#example=${example}`;
      }, name);
      const first = expected[0]?.text.split("\n").find((line) => line.trim() !== "") ?? "";
      await expect.poll(() => visit.manifest.textContent(), { message: name }).toContain(first);
      expect(await files(), name).toEqual(expected.map((file) => file.name));
      if (!isRule) continue;
      // Findings about federated credentials as a set are beside the chains.
      const found = async () => {
        await visit.openTab("Findings");
        const rules = await visit.rules();
        if (rules.includes(name)) return rules;
        await visit.openTab("Chain");
        return [...rules, ...(await visit.rules())];
      };
      await expect.poll(found, { message: name }).toContain(name);
    }
  });
});

describe("findings", () => {
  test("name the rule, the place, what is wrong, and the fix", async () => {
    await start(orders(WRONG));
    expect(await visit.rules()).toEqual(["label-value", "misspelt-key"]);
    const text = await visit.findings().first().textContent();
    for (const part of ["Denied", "orders.yaml:23:38", "Deployment shop/orders", '"True", which is ignored', 'write "true"'])
      expect(text).toContain(part);
    expect(await visit.tab("Findings").textContent()).toContain("2 findings");
  });

  test("a click leads to the line", async () => {
    const { page } = await start(orders(WRONG));
    await visit.findings().first().locator(".go").click();
    await expect.poll(() => page.locator(".cm-activeLineGutter").first().textContent()).toBe("23");
    await page.keyboard.type("yes");
    expect(await visit.text()).toContain("azure.workload.identity/use: yes");
  });

  test("a click leads to another file", async () => {
    const { page } = await start({
      kept: {
        files: [
          { name: "other.yaml", text: "" },
          { name: "orders.yaml", text: WRONG },
        ],
      },
    });
    await visit.findings().first().locator(".go").click();
    expect(await page.getByRole("tab", { name: "orders.yaml" }).getAttribute("aria-selected")).toBe("true");
    await expect.poll(() => page.locator(".cm-activeLineGutter").first().textContent()).toBe("23");
  });

  test("a button fixes one, and undo brings it back", async () => {
    const { page } = await start(orders(WRONG));
    await page.getByRole("button", { name: "Fix label-value in line 23" }).click();
    await expect.poll(() => visit.rules()).toEqual(["misspelt-key"]);
    await visit.manifest.focus();
    await page.keyboard.press("Control+z");
    await expect.poll(() => visit.rules()).toEqual(["label-value", "misspelt-key"]);
  });

  test("a button fixes all", async () => {
    const { page } = await start(orders(WRONG));
    await page.getByRole("button", { name: "Fix all" }).click();
    await expect.poll(() => visit.rules()).toEqual([]);
    const text = await visit.text();
    expect(text).toContain('azure.workload.identity/use: "true"');
    expect(text).toContain("azure.workload.identity/skip-containers: mesh");
  });

  test("a button fixes all in several files", async () => {
    const files = ["a", "b"].map((name) => ({ name: `${name}.yaml`, text: WRONG.replaceAll("orders", name) }));
    const { page } = await start({ kept: { files } });
    await page.getByRole("button", { name: "Fix all" }).click();
    await expect.poll(() => visit.rules()).toEqual([]);
    expect(await page.getByRole("tab", { name: "a.yaml" }).getAttribute("aria-selected")).toBe("true");
  });

  test("a key fixes the one of the line", async () => {
    const { page } = await start(orders(WRONG));
    await visit.findings().nth(1).locator(".go").click();
    await expect.poll(() => page.locator(".cm-activeLineGutter").first().textContent()).toBe("25");
    await page.keyboard.press("Alt+Enter");
    await expect.poll(() => visit.rules()).toEqual(["label-value"]);
  });

  test("a hover shows the message, the fix, the rule's text and a button", async () => {
    const { page } = await start(orders(WRONG));
    await page.locator(".cm-lintRange-error").first().hover();
    const tip = page.locator(".cm-tooltip-lint");
    await tip.getByText("Why it matters").waitFor();
    const text = await tip.textContent();
    for (const part of ["Denied: label-value", "which is ignored", 'Fix: write "true"', "starts without an identity"])
      expect(text).toContain(part);
    await tip.getByRole("button", { name: "Fix" }).click();
    await expect.poll(() => visit.rules()).toEqual(["misspelt-key"]);
  });

  test("the text of the rule opens in place", async () => {
    const { page } = await start(orders(WRONG));
    await page.getByRole("button", { name: "About the rule label-value" }).click();
    await page.locator(".about").getByText("Why it matters").waitFor();
  });

  test("what cannot be read is said with its line", async () => {
    const { page } = await start(orders("apiVersion: v1\nkind: Pod\nmetadata: {\n"));
    expect(await page.getByRole("list", { name: "What cannot be read" }).textContent()).toMatch(/orders\.yaml:\d/);
  });

  test("texts of manifests are shown as text", async () => {
    const { page } = await start(
      orders(workload({ label: `'<img src=x onerror="document.title=1"><script>document.title=2</script>'` })),
    );
    await expect.poll(() => visit.findings().first().textContent()).toContain("<img src=x");
    for (const tab of ["Answer", "Diff", "Chain"] as const) await visit.openTab(tab);
    expect(await page.title()).toBe("Azure Workload Identity playground");
    expect(await page.locator("img, #app script").count()).toBe(0);
  });
});

test("the answer is what kubectl prints", async () => {
  await start(orders(WRONG));
  const panel = await visit.openTab("Answer");
  const text = await panel.locator("pre").textContent();
  expect(text).toContain("$ kubectl apply -f orders.yaml\n");
  expect(text).toContain("serviceaccount/orders created\n");
  expect(text).toContain(
    'Error from server: error when creating "orders.yaml": admission webhook "kw.cap.azure-workload-identity-checks.kubewarden.admission" denied the request: 2 workload identity problems in deployment shop/orders:\n- label-value: ',
  );
});

describe("the diff", () => {
  test("shows what would be injected, also if the settings do not inject", async () => {
    const { page } = await start(orders(workload()));
    const panel = await visit.openTab("Diff");
    expect(await panel.textContent()).toContain("The settings do not inject");
    await expect.poll(() => page.locator(".diff .cm-changedLine").allTextContents()).toContain("        - name: AZURE_CLIENT_ID");
    expect(await panel.textContent()).toContain("Deployment shop/orders gets its identity");
  });

  test("follows the settings", async () => {
    const { page } = await start({
      kept: { files: [{ name: "orders.yaml", text: workload() }], settings: "inject: {layout: v1.5}\n" },
    });
    const panel = await visit.openTab("Diff");
    await expect
      .poll(async () => (await page.locator(".diff .cm-changedLine").allTextContents()).join("\n"))
      .toContain("/var/run/secrets/azure/tokens/azure-identity-token");
    expect(await panel.textContent()).not.toContain("The settings do not inject");
  });
});

describe("the chain", () => {
  const list = (subject?: string) => ({ issuer: ISSUER, credentials: [{ name: "list.json", text: credentials(subject) }] });

  test("names the broken link, in the picture and in words", async () => {
    const { page } = await start({
      kept: { files: [{ name: "orders.yaml", text: workload() }], ...list("system:serviceaccount:shop:order") },
    });
    const panel = await visit.openTab("Chain");
    expect(await panel.locator(".verdict").textContent()).toContain("The chain is broken at subject");
    await expect.poll(() => panel.locator("svg .edge.broken").count()).toBeGreaterThan(0);
    expect(await panel.locator("svg .label.broken").first().textContent()).toContain("broken:subject");
    expect(await panel.locator("svg .label.broken .sign").count()).toBeGreaterThan(0);
    const picture = page.getByRole("img", { name: /shop\/orders: broken at subject/ });
    expect(await picture.locator("desc").textContent()).toContain("broken");
    expect(await panel.locator(".breaks").textContent()).toContain("system:serviceaccount:shop:order");
  });

  test("a place in pasted JSON is selected there", async () => {
    const { page } = await start({
      kept: { files: [{ name: "orders.yaml", text: workload() }], ...list("system:serviceaccount:shop:order") },
    });
    await visit.openTab("Chain");
    await page
      .locator(".breaks")
      .getByRole("button", { name: /^list\.json:\d+$/ })
      .click();
    const selected = await page.getByLabel("list.json", { exact: true }).evaluate((field) => {
      const { value, selectionStart, selectionEnd } = field as HTMLTextAreaElement;
      return value.slice(selectionStart, selectionEnd);
    });
    expect(selected).toContain("system:serviceaccount:shop:order");
  });

  test("is complete if everything fits", async () => {
    await start({ kept: { files: [{ name: "orders.yaml", text: workload() }], ...list() } });
    const panel = await visit.openTab("Chain");
    expect(await panel.locator(".verdict").textContent()).toContain("The chain is complete");
    await expect.poll(() => panel.locator("svg .edge.whole").count()).toBeGreaterThan(4);
    expect(await panel.locator("svg .edge.broken, svg .edge.unknown").count()).toBe(0);
  });

  test("says what is unknown, and what would tell it", async () => {
    const { page } = await start(orders(workload()));
    const panel = await visit.openTab("Chain");
    await expect.poll(() => panel.locator("svg .edge.unknown").count()).toBeGreaterThan(0);
    expect(await panel.locator(".breaks .unknown").count()).toBeGreaterThan(0);
    await page.getByText("What the manifests do not tell").click();
    await page.getByLabel("Issuer of the cluster's tokens").fill(ISSUER);
    await page.getByRole("button", { name: "Add JSON" }).click();
    await page.getByLabel("federated-credentials.json", { exact: true }).fill(credentials());
    await expect.poll(() => panel.locator(".verdict").textContent()).toContain("The chain is complete");
  });

  test("says what is wrong with pasted JSON", async () => {
    const { page } = await start({
      kept: { files: [{ name: "orders.yaml", text: workload() }], credentials: [{ name: "list.json", text: "[{" }] },
    });
    await visit.openTab("Chain");
    await expect.poll(() => page.locator(".credential .problem").textContent()).toMatch(/\w/);
  });

  test("a part leads to its place", async () => {
    const { page } = await start(orders(workload()));
    const panel = await visit.openTab("Chain");
    await panel.locator("svg .part.service-account").click();
    await expect
      .poll(() => page.locator("#manifest .cm-activeLine").textContent())
      .toMatch(/kind: ServiceAccount|name: orders|apiVersion: v1/);
  });
});

describe("settings", () => {
  test("the form writes into the text, which keeps its comments", async () => {
    const { page } = await start({
      kept: { files: [{ name: "orders.yaml", text: WRONG }], settings: "# ours\nissuer: https://a.example/ # this cluster\n" },
    });
    const panel = await visit.openTab("Settings");
    await panel.getByLabel("preset").selectOption("strict");
    await panel.getByText(/^All \d+$/).click();
    await panel.getByLabel("label-value").selectOption("off");
    const text = page.getByRole("textbox", { name: "Settings as YAML" });
    await expect
      .poll(async () => (await text.locator(".cm-line").allTextContents()).join("\n"))
      .toBe("# ours\nissuer: https://a.example/ # this cluster\npreset: strict\nrules:\n  label-value: off\n");
    await visit.openTab("Findings");
    await expect.poll(() => visit.rules()).toEqual(["misspelt-key"]);
  });

  test("the form reads the text", async () => {
    const { page } = await start(orders(WRONG));
    const panel = await visit.openTab("Settings");
    await page.getByRole("textbox", { name: "Settings as YAML" }).click();
    await page.keyboard.type("identities:\n- clientId: a\nserviceAccounts: [shop/orders]");
    await expect.poll(() => panel.getByLabel("clientId").inputValue()).toBe("a");
    await expect.poll(() => panel.getByRole("textbox", { name: /^serviceAccount 1/ }).inputValue()).toBe("shop/orders");
    await panel.getByRole("button", { name: "Remove identity 1" }).click();
    await expect.poll(() => page.locator(".settings-text .cm-line").allTextContents()).toEqual(["preset: recommended"]);
  });

  test("objects and lists are made and removed", async () => {
    const { page } = await start(orders(WRONG));
    const panel = await visit.openTab("Settings");
    await panel.getByLabel("inject", { exact: true }).check();
    await panel.getByLabel("tenantId").fill("contoso.example");
    await panel.getByLabel("proxy", { exact: true }).check();
    await panel.getByLabel("nativeSidecar").selectOption("false");
    await panel.getByRole("button", { name: "Add workload" }).click();
    await panel.getByLabel("kind").fill("Rollout");
    const lines = () => page.locator(".settings-text .cm-line").allTextContents();
    await expect
      .poll(lines)
      .toEqual([
        "inject:",
        "  tenantId: contoso.example",
        "  proxy:",
        "    nativeSidecar: false",
        "workloads:",
        '  - apiVersion: ""',
        "    kind: Rollout",
        '    podTemplate: ""',
        "",
      ]);
    await panel.getByLabel("inject", { exact: true }).uncheck();
    await expect.poll(async () => (await lines())[0]).toBe("workloads:");
  });

  test("a problem is shown at its line", async () => {
    const { page } = await start({
      kept: { files: [{ name: "orders.yaml", text: WRONG }], settings: "preset: strict\nrulez: {}\n" },
    });
    const panel = await visit.openTab("Settings");
    await expect.poll(() => panel.locator(".problems").textContent()).toContain("line 2");
    expect(await page.locator(".settings-text .cm-lintRange-error").textContent()).toContain("rulez");
  });

  test("text that is no YAML stops the form, and says so", async () => {
    await start({ kept: { files: [{ name: "orders.yaml", text: WRONG }], settings: "preset: [\n" } });
    const panel = await visit.openTab("Settings");
    await expect.poll(() => panel.textContent()).toContain("The form does not fit this text");
  });

  test("a recipe with the settings can be copied", async () => {
    await start({
      kept: { files: [{ name: "orders.yaml", text: WRONG }], settings: "preset: strict\ninject: {tenantId: contoso.example}\n" },
    });
    const panel = await visit.openTab("Settings");
    await panel.getByText("Install them").click();
    const code = panel.getByRole("region", { name: "kustomization.yaml" });
    expect(await code.textContent()).toContain("deploy/guard-aks?ref=v");
    await panel.getByLabel("replace-webhook").check();
    const text = await code.textContent();
    expect(text).toContain("deploy/replace-webhook?ref=v");
    expect(text).toContain("name: azure-workload-identity-inject}");
    expect(text).toContain("value: strict");
  });
});

describe("files", () => {
  test("are added, renamed and closed", async () => {
    const { page } = await start(orders(WRONG));
    const names = () => page.getByRole("tablist", { name: "Files" }).getByRole("tab").allTextContents();
    await page.getByRole("button", { name: "New file" }).click();
    await page.getByRole("button", { name: /^Rename/ }).click();
    await page.getByLabel("Name of the file").fill("orders.yaml");
    await page.keyboard.press("Enter");
    expect(await names()).toEqual(["orders.yaml", "orders-2.yaml"]);
    await visit.paste(WRONG.replaceAll("orders", "billing"));
    await expect.poll(() => visit.rules()).toHaveLength(4);
    await page.getByRole("button", { name: "Close orders-2.yaml" }).click();
    expect(await names()).toEqual(["orders.yaml"]);
    await expect.poll(() => visit.rules()).toHaveLength(2);
  });

  test("are opened from the disk, and saved with the line ends that they had", async () => {
    const { page } = await start(orders(""));
    const buffer = Buffer.from(WRONG.replaceAll("\n", "\r\n"));
    await page.getByLabel("Files to open").setInputFiles([
      { name: "windows.yaml", mimeType: "text/yaml", buffer },
      { name: "picture.png", mimeType: "image/png", buffer: Buffer.from([137, 80, 0, 255]) },
    ]);
    await expect.poll(() => visit.rules()).toHaveLength(2);
    expect(await page.locator(".notices").textContent()).toContain("picture.png");
    await page.getByRole("button", { name: "Fix all" }).click();
    await expect.poll(() => visit.rules()).toHaveLength(0);
    expect(await visit.text()).toBe(
      WRONG.replace('"True"', '"true"').replace("skip_containers", "skip-containers").replaceAll("\n", "\r\n"),
    );
  });

  test("are dropped", async () => {
    const { page } = await start(orders(""));
    await page.evaluate((text) => {
      const dataTransfer = new DataTransfer();
      for (const name of ["a.yaml", "b.yaml"]) dataTransfer.items.add(new File([text.replaceAll("orders", name[0] ?? "")], name));
      const target = document.querySelector("#manifest");
      for (const type of ["dragover", "drop"])
        target?.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    }, WRONG);
    await expect
      .poll(() => page.getByRole("tablist", { name: "Files" }).getByRole("tab").allTextContents())
      .toEqual(["a.yaml", "b.yaml"]);
    await expect.poll(() => visit.rules()).toHaveLength(4);
  });

  test("are taken out of a folder that is dropped", async () => {
    const folder = join(await mkdtemp(join(tmpdir(), "playground-")), "deploy");
    await mkdir(join(folder, "base"), { recursive: true });
    await writeFile(join(folder, "base", "orders.yaml"), WRONG);
    await writeFile(join(folder, "account.yml"), "kind: ServiceAccount\n");
    await writeFile(join(folder, "README.md"), "# No manifest\n");
    const { page } = await start(orders(""));
    // As the browser does it: a page cannot make a folder.
    const session = await page.context().newCDPSession(page);
    const data = { items: [], files: [folder], dragOperationsMask: 1 };
    for (const type of ["dragEnter", "dragOver", "drop"] as const)
      await session.send("Input.dispatchDragEvent", { type, x: 300, y: 300, data });
    await expect
      .poll(() => page.getByRole("tablist", { name: "Files" }).getByRole("tab").allTextContents())
      .toEqual(["deploy/account.yml", "deploy/base/orders.yaml"]);
    await expect.poll(() => visit.rules()).toHaveLength(2);
  });

  test("keep their own history", async () => {
    const files = ["a", "b"].map((name) => ({ name: `${name}.yaml`, text: `kind: ${name}\n` }));
    const { page } = await start({ kept: { files } });
    await visit.manifest.click();
    await page.keyboard.press("Control+Home");
    await page.keyboard.type("x");
    await page.getByRole("tab", { name: "b.yaml" }).click();
    await visit.manifest.click();
    await page.keyboard.press("Control+z");
    expect(await visit.text()).toBe("kind: b\n");
    await page.getByRole("tab", { name: "a.yaml" }).click();
    await visit.manifest.click();
    await page.keyboard.press("Control+z");
    expect(await visit.text()).toBe("kind: a\n");
  });
});

describe("links", () => {
  test("hold the whole state, and say what they contain", async () => {
    const state = {
      files: [
        { name: "a.yaml", text: "kind: a\n" },
        { name: "b.yaml", text: WRONG },
      ],
      settings: "preset: strict\n",
      issuer: ISSUER,
    };
    const { page } = await start({ kept: state });
    await page.getByRole("button", { name: "Share" }).click();
    const dialog = page.getByRole("dialog", { name: "Share a link" });
    expect(await dialog.textContent()).toContain("This link contains your manifest.");
    const address = await dialog.getByLabel("The link").inputValue();
    expect(address.startsWith(`${site.server.url}#v1.`)).toBe(true);
    await visit.end();

    const other = await start({ fragment: address.slice(site.server.url.length) });
    await expect
      .poll(() => other.page.getByRole("tablist", { name: "Files" }).getByRole("tab").allTextContents())
      .toEqual(["a.yaml", "b.yaml"]);
    await expect.poll(() => visit.rules()).toEqual(["label-value", "misspelt-key"]);
    expect(other.page.url()).toBe(site.server.url);
    await visit.openTab("Settings");
    expect(await other.page.getByRole("textbox", { name: "Settings as YAML" }).textContent()).toContain("preset: strict");
  });

  test("do not lose own work", async () => {
    const { page } = await start(orders(WRONG));
    await page.getByRole("button", { name: "Share" }).click();
    const address = await page.getByLabel("The link").inputValue();
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
    await visit.paste("kind: mine\n");
    await page.evaluate((fragment) => {
      location.hash = fragment;
    }, new URL(address).hash);
    await expect.poll(() => visit.manifest.textContent()).toContain('"True"');
    await page.reload();
    await visit.settled();
    expect(await visit.manifest.textContent()).toContain('"True"');
    await page.evaluate((fragment) => {
      location.hash = fragment;
    }, new URL(address).hash);
    await page.getByRole("button", { name: "Back to my work" }).click();
    await expect.poll(() => visit.manifest.textContent()).toContain("mine");
  });

  test("that are too large are not made, and the largest part is named", async () => {
    const text = Array.from({ length: 9_000 }, (_, line) => `k${(line * 7919) % 104_729}: ${(line * 104_729) % 7919}`).join("\n");
    const { page } = await start({
      kept: {
        files: [
          { name: "small.yaml", text: "" },
          { name: "large.yaml", text },
        ],
      },
    });
    await page.getByRole("button", { name: "Share" }).click();
    await expect.poll(() => page.getByRole("dialog").textContent()).toContain("The largest part is large.yaml");
    expect(await page.getByLabel("The link").count()).toBe(0);
  });

  test("that are damaged leave own work alone", async () => {
    const { page } = await start({ ...orders(WRONG), fragment: "#v1.AAAA" });
    expect(await page.locator(".notices").textContent()).toContain("The link is damaged");
    expect(await visit.rules()).toHaveLength(2);
  });
});

describe("a reload", () => {
  test("keeps everything", async () => {
    const { page } = await start(orders(WRONG));
    await page.getByRole("button", { name: "New file" }).click();
    await visit.paste("kind: second\n");
    await page.getByRole("button", { name: /^Colours: as the system/ }).click();
    await page.reload();
    await visit.settled();
    expect(await page.getByRole("tablist", { name: "Files" }).getByRole("tab").allTextContents()).toEqual([
      "orders.yaml",
      "manifest.yaml",
    ]);
    expect(await visit.manifest.textContent()).toContain("second");
    expect(await page.locator("html").getAttribute("data-theme")).toBe("light");
  });

  const garbage = {
    "no JSON": "{",
    nothing: "null",
    "another type": "[]",
    "no files": '{"session":{"files":[]}}',
    "files that are no texts": '{"session":{"files":[{"name":1}]}}',
    "a long text": `"${"x".repeat(100_000)}"`,
  };
  test.each(Object.entries(garbage))("starts as the first visit if the storage holds %s", async (_, text) => {
    await start();
    const { page } = visit;
    await page.addInitScript((value) => {
      for (const storage of [localStorage, sessionStorage]) storage.setItem("azwi-playground", value);
    }, text);
    await page.reload();
    await visit.settled();
    expect(await visit.findings().count()).toBeGreaterThan(0);
  });

  test("works without storage", async () => {
    await start();
    const { page } = visit;
    await page.addInitScript(() => {
      Storage.prototype.setItem = () => {
        throw new DOMException("full", "QuotaExceededError");
      };
    });
    await page.reload();
    await visit.settled();
    await visit.paste(WRONG);
    await expect.poll(() => visit.rules()).toHaveLength(2);
    await expect.poll(() => page.locator(".notices").textContent()).toContain("Save them before you leave");
  });
});

test("after the first load the page works offline", async () => {
  const { page } = await start(orders(WRONG));
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.context().setOffline(true);
  await page.reload();
  await visit.settled();
  expect(await visit.rules()).toHaveLength(2);
  // What was not loaded before is there too.
  await visit.openTab("Settings");
  await page.getByText("Install them").waitFor();
  await visit.openTab("Diff");
  await page.getByRole("button", { name: "Examples" }).click();
  await page.getByRole("dialog").getByText("One for each rule").waitFor();
  await page.context().setOffline(false);
});

test("a new version is offered, and taken as a whole", async () => {
  const folder = await mkdtemp(join(tmpdir(), "playground-"));
  await cp(DIST, folder, { recursive: true });
  const server = await serve(folder);
  visit = await Visit.start({ ...site, server }, orders(WRONG));
  const { page } = visit;
  await page.evaluate(() => navigator.serviceWorker.ready);
  const edit = async (name: string, from: RegExp, to: string) => {
    const path = join(folder, name);
    await writeFile(path, (await readFile(path, "utf8")).replace(from, to));
  };
  await edit("index.html", /<title>.*<\/title>/, "<title>The next version</title>");
  await edit("service-worker.js", /\b[0-9a-f]{16}\b/, "0".repeat(16));

  await page.reload();
  await visit.settled();
  expect(await page.title(), "the old version, until the person takes the new one").not.toBe("The next version");
  await page.evaluate(async () => (await navigator.serviceWorker.ready).update());
  await page.getByRole("button", { name: "Reload" }).click();
  // The browser activates the new worker when the old one has been idle for some seconds.
  await expect.poll(() => page.title().catch(() => ""), { timeout: 30_000 }).toBe("The next version");
  await expect.poll(() => visit.rules()).toHaveLength(2);
  await server.close();
});

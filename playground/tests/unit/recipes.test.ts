import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { kustomization, type Recipe } from "../../src/settings/recipes";

const INSTALL = readFileSync(new URL("../../../docs/install.md", import.meta.url), "utf8");

interface Patch {
  target: { kind: string; name?: string };
  patch: string;
}

interface Made {
  resources: string[];
  components?: string[];
  patches?: Patch[];
}

/** The kustomizations of the page, as data: patches may be written in any way. */
const documented = [...INSTALL.matchAll(/```yaml\n(apiVersion: kustomize[\s\S]*?)```/g)].map((match) => normal(match[1] ?? ""));

function normal(text: string) {
  const made = parse(text) as Made;
  return { ...made, patches: made.patches?.map(({ target, patch }) => ({ target, operations: parse(patch) as unknown })) };
}

const make = (recipe: Recipe, settings: Record<string, unknown>, hasCredentialKinds = false) =>
  kustomization(recipe, settings, "0.1.0", hasCredentialKinds);

describe("the kustomizations of docs/install.md come out of their settings", () => {
  test("a tenant, for the policy that injects", () => {
    const made = normal(make("replace-webhook", { inject: { tenantId: "11111111-2222-3333-4444-555555555555" } }).text);
    const [expected] = documented;
    expect(made.resources).toEqual(expected?.resources);
    expect(made.patches?.map((patch) => patch.target)).toEqual(expected?.patches?.map((patch) => patch.target));
    expect(made.patches?.[0]?.operations).toEqual([
      { op: "add", path: "/spec/settings/inject", value: { tenantId: "11111111-2222-3333-4444-555555555555" } },
    ]);
  });

  test("settings for every policy", () => {
    const settings = {
      identities: [{ clientId: "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", serviceAccounts: ["payments/api"] }],
      rules: { "client-override": "deny" },
      exemptions: { namespaces: ["sandbox"] },
    };
    expect(normal(make("guard-aks", settings).text)).toEqual(documented[1]);
  });

  test("a kind with a pod template, which policy-server must also receive", () => {
    const settings = { workloads: [{ apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", podTemplate: "/spec/template" }] };
    const made = normal(make("guard-aks", settings).text);
    const rules = made.patches?.find((patch) => patch.target.name === "azure-workload-identity-checks");
    const [expected] = (documented[2]?.patches?.[0]?.operations ?? []) as unknown[];
    expect(rules?.operations).toEqual([expected]);
  });

  test("the issuer, with the component of federated credentials", () => {
    const settings = { issuer: ISSUER };
    expect(normal(make("guard-aks", settings, true).text)).toEqual(documented[3]);
  });
});

const ISSUER =
  "https://westeurope.oic.prod-aks.azure.com/11111111-2222-3333-4444-555555555555/66666666-7777-8888-9999-000000000000/";

test("without settings, the recipe alone", () => {
  expect(make("guard-aks", {}).text).not.toContain("patches");
});

test("a recipe that does not inject leaves inject out, and says so", () => {
  const made = make("guard-aks", { inject: { audience: "api://other" } });
  expect(made.text).not.toContain("inject");
  expect(made.remarks.join()).toContain("inject is left out");
});

test("the policies of audit-only have a suffix", () => {
  expect(make("audit-only", { guard: { layouts: ["v1.6.1"] } }).text).toContain("name: azure-workload-identity-guard-audit}");
});

test("the guard does not compare with values that inject changes", () => {
  const { text } = make("replace-webhook", {
    inject: { audience: "api://other", authorityHost: "https://login.example/" },
    rules: { "label-value": "warn" },
  });
  const patches = normal(text).patches?.filter((patch) => patch.target.name === "azure-workload-identity-guard");
  const value = { "label-value": "warn", "injection-missing": "off", "endpoint-override": "off" };
  expect(patches?.[0]?.operations).toEqual([{ op: "add", path: "/spec/settings/rules", value }]);
});

test("off is quoted: kustomize reads YAML 1.1, in which it is false", () => {
  expect(make("guard-aks", { rules: { "label-value": "off" } }).text).toContain('label-value: "off"');
});

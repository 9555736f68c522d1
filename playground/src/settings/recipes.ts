/**
 * The kustomization that installs a recipe with the settings, in the form that docs/install.md shows.
 *
 * `inject` belongs to one policy, `guard` to another, and everything else to all of them. Pure.
 */
import { toYaml } from "./document";

export const RECIPES = {
  "guard-aks":
    "on AKS, next to Microsoft's webhook: pods are checked, and must arrive with the identity that the webhook injects",
  "replace-webhook": "on other clusters, in place of the webhook: the policy injects the identity",
  "audit-only": "to see the findings first: no request is rejected",
} as const;
export type Recipe = keyof typeof RECIPES;

export interface Kustomization {
  text: string;
  /** What a reader must know besides. */
  remarks: string[];
}

const REPOSITORY = "https://github.com/azure-workload-identity-policy/azure-workload-identity-policy";

type Settings = Record<string, unknown>;

interface Operation {
  op: "add";
  path: string;
  value: unknown;
}

interface Patch {
  /** Without the common beginning; absent for all policies. */
  policy?: "inject" | "guard" | "checks";
  comment?: string;
  operations: Operation[];
}

export function kustomization(recipe: Recipe, settings: Settings, version: string, hasCredentialKinds: boolean): Kustomization {
  const { inject, guard, ...common } = settings;
  const suffix = recipe === "audit-only" ? "-audit" : "";
  const remarks: string[] = [];
  const patches: Patch[] = [];
  const shared = Object.entries(common).map(([name, value]) => add(`/spec/settings/${name}`, value));
  if (shared.length > 0) patches.push({ operations: shared });
  if (inject !== undefined && recipe !== "replace-webhook")
    remarks.push(`${recipe} has no policy that injects, so inject is left out.`);
  if (recipe === "replace-webhook" && !isEmpty(inject))
    patches.push({ policy: "inject", operations: [add("/spec/settings/inject", inject)] });
  if (recipe === "replace-webhook" && !hasTenant(inject)) {
    remarks.push("Without inject.tenantId, every service account needs the annotation azure.workload.identity/tenant-id.");
  }
  if (!isEmpty(guard)) patches.push({ policy: "guard", operations: [add("/spec/settings/guard", guard)] });
  const off = recipe === "replace-webhook" ? rulesOff(inject) : [];
  if (off.length > 0) {
    const rules = { ...(isObject(common.rules) ? common.rules : {}), ...Object.fromEntries(off.map((rule) => [rule, "off"])) };
    const comment = "The guard expects the values that Microsoft publishes, and inject sets others.";
    patches.push({ policy: "guard", comment, operations: [add("/spec/settings/rules", rules)] });
  }
  if (common.preset !== undefined && recipe === "audit-only") {
    remarks.push("audit-only sets the preset strict, because audit reports contain only denials; your preset replaces it.");
  }
  const kinds = workloadRules(common.workloads);
  if (kinds.length > 0) {
    const comment = "policy-server receives only the resources that are listed here. `kubectl api-resources` shows their names.";
    patches.push({ policy: "checks", comment, operations: kinds });
  }
  const lines = [
    "apiVersion: kustomize.config.k8s.io/v1beta1",
    "kind: Kustomization",
    "resources:",
    `- ${REPOSITORY}//deploy/${recipe}?ref=v${version}`,
    ...(hasCredentialKinds ? ["components:", `- ${REPOSITORY}//deploy/federated-credentials?ref=v${version}`] : []),
    ...(patches.length > 0 ? ["patches:", ...patches.flatMap((patch) => written(patch, suffix))] : []),
  ];
  if (hasCredentialKinds && recipe === "audit-only")
    remarks.push("The component names the policy without the suffix -audit, so it fits guard-aks and replace-webhook only.");
  return { text: `${lines.join("\n")}\n`, remarks };
}

function add(path: string, value: unknown): Operation {
  return { op: "add", path, value };
}

function written({ policy, comment, operations }: Patch, suffix: string): string[] {
  const name = policy ? `, name: azure-workload-identity-${policy}${suffix}` : "";
  const body = toYaml(operations)
    .split("\n")
    .map((line) => (line === "" ? "" : `    ${line}`));
  return [...(comment ? [`# ${comment}`] : []), `- target: {kind: ClusterAdmissionPolicy${name}}`, "  patch: |-", ...body];
}

/** Rules of the guard that contradict what is injected. */
function rulesOff(inject: unknown): string[] {
  if (!isObject(inject)) return [];
  return [
    ...(inject.audience === undefined ? [] : ["injection-missing"]),
    ...(inject.authorityHost === undefined ? [] : ["endpoint-override"]),
  ];
}

function workloadRules(workloads: unknown): Operation[] {
  if (!Array.isArray(workloads)) return [];
  return workloads.flatMap((workload: unknown) => {
    if (!isObject(workload) || typeof workload.apiVersion !== "string" || typeof workload.kind !== "string") return [];
    const [version = "", group = ""] = workload.apiVersion.split("/").reverse();
    const resource = `${workload.kind.toLowerCase()}s`;
    return [
      add("/spec/rules/-", {
        apiGroups: [group],
        apiVersions: [version],
        resources: [resource],
        operations: ["CREATE", "UPDATE"],
      }),
    ];
  });
}

function hasTenant(inject: unknown): boolean {
  return isObject(inject) && inject.tenantId !== undefined;
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (isObject(value) && Object.keys(value).length === 0);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

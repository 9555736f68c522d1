import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Field, fieldOf, type Schema } from "../../src/settings/schema";

const SCHEMA = JSON.parse(readFileSync(new URL("../../../docs/settings.schema.json", import.meta.url), "utf8")) as Schema;

function at(field: Field, ...names: string[]): Field {
  return names.reduce((found, name) => {
    if (name === "*" && found.kind === "list") return found.item;
    const member = found.kind === "object" ? found.members.find((it) => it.name === name) : undefined;
    if (!member) throw new Error(`no field ${name}`);
    return member.field;
  }, field);
}

const form = fieldOf(SCHEMA, SCHEMA);

test("every setting has a field", () => {
  expect(form.kind === "object" && form.members.map((member) => member.name)).toEqual(Object.keys(SCHEMA.properties ?? {}));
});

test("the kinds of fields", () => {
  const kinds = {
    issuer: at(form, "issuer"),
    preset: at(form, "preset"),
    rules: at(form, "rules"),
    guard: at(form, "guard"),
    identities: at(form, "identities"),
    nativeSidecar: at(form, "inject", "proxy", "nativeSidecar"),
    limits: at(form, "inject", "proxy", "resources", "limits"),
    serviceAccounts: at(form, "identities", "*", "serviceAccounts"),
  };
  expect(Object.fromEntries(Object.entries(kinds).map(([name, field]) => [name, field.kind]))).toEqual({
    issuer: "text",
    preset: "choice",
    rules: "table",
    guard: "object",
    identities: "list",
    nativeSidecar: "flag",
    limits: "map",
    serviceAccounts: "list",
  });
});

test("a description beside a reference describes this use of it", () => {
  expect(at(form, "rules").description).toBe(SCHEMA.properties?.rules?.description);
});

test("the table has every rule of the schema with its default", () => {
  const rules = at(form, "rules");
  const expected = Object.entries(SCHEMA.$defs?.RuleSeverities?.properties ?? {}).map(([name, rule]) => ({
    name,
    default: rule.default,
  }));
  expect(rules.kind === "table" && rules.names).toEqual(expected);
});

test("a new element has the required members", () => {
  const identities = at(form, "identities");
  expect(identities.kind === "list" && identities.initial).toEqual({ clientId: "", serviceAccounts: [] });
});

test("another schema has a form too", () => {
  const other: Schema = {
    type: "object",
    properties: { size: { type: "integer" }, names: { type: "array", items: { type: "string" } } },
    required: ["size"],
  };
  expect(fieldOf(other, other)).toMatchObject({
    kind: "object",
    members: [{ name: "size", isRequired: true, field: { kind: "number" } }, { name: "names" }],
  });
});

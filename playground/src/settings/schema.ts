/**
 * What the form makes of a JSON Schema.
 *
 * Generic over the schema: it knows the shapes that schemas of settings have, and none of the settings. Pure.
 */

/** The part of JSON Schema that is read. */
export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  description?: string;
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  enum?: unknown[];
  const?: unknown;
  oneOf?: Schema[];
  anyOf?: Schema[];
  default?: unknown;
  examples?: unknown[];
}

export interface Choice {
  value: string;
  description?: string;
}

/** A field of the form. */
export type Field = { description: string; default?: unknown } & (
  | { kind: "text"; suggestions: string[] }
  | { kind: "choice"; choices: Choice[] }
  | { kind: "flag" }
  | { kind: "number" }
  | { kind: "list"; item: Field; initial: unknown }
  | { kind: "map"; value: Field }
  | { kind: "object"; members: Member[] }
  /** Many members with the same choices. */
  | { kind: "table"; names: { name: string; default?: unknown }[]; choices: Choice[]; help: string }
);

export interface Member {
  name: string;
  field: Field;
  isRequired: boolean;
}

/** How many members with the same choices make a table. */
const TABLE = 8;

export function fieldOf(schema: Schema, root: Schema): Field {
  const target = schema.$ref ? resolve(schema.$ref, root) : {};
  // What stands beside a reference is about this use of it.
  const merged: Schema = { ...target, ...schema };
  const about = {
    description: schema.description ?? target.description ?? "",
    ...("default" in merged && { default: merged.default }),
  };
  const choices = choicesOf(merged);
  if (choices) return { ...about, kind: "choice", choices };
  switch (merged.type) {
    case "boolean":
      return { ...about, kind: "flag" };
    case "integer":
    case "number":
      return { ...about, kind: "number" };
    case "array": {
      const item = merged.items ?? {};
      return { ...about, kind: "list", item: fieldOf(item, root), initial: initialOf(item, root) };
    }
    case "object":
      return { ...objectOf(merged, root), ...about };
    default: {
      // A string, or one of several types of which a string is one.
      const suggestions = (merged.examples ?? []).filter((it) => typeof it === "string");
      return { ...about, kind: "text", suggestions };
    }
  }
}

function objectOf(schema: Schema, root: Schema): Field & { kind: "object" | "map" | "table" } {
  const properties = Object.entries(schema.properties ?? {});
  if (properties.length === 0 && typeof schema.additionalProperties === "object") {
    return { description: "", kind: "map", value: fieldOf(schema.additionalProperties, root) };
  }
  const members = properties.map(([name, property]) => ({
    name,
    field: fieldOf(property, root),
    isRequired: schema.required?.includes(name) ?? false,
  }));
  const first = members[0]?.field;
  const isTable =
    members.length >= TABLE &&
    first?.kind === "choice" &&
    members.every(({ field }) => field.kind === "choice" && isSame(field.choices, first.choices));
  if (!isTable) return { description: "", kind: "object", members };
  const names = members.map(({ name, field }) => ({ name, ...(field.default !== undefined && { default: field.default }) }));
  return { description: "", kind: "table", names, choices: first.choices, help: first.description };
}

function isSame(a: Choice[], b: Choice[]): boolean {
  return a.length === b.length && a.every((choice, position) => choice.value === b[position]?.value);
}

function choicesOf(schema: Schema): Choice[] | undefined {
  if (schema.enum) return schema.enum.map((value) => ({ value: String(value) }));
  const alternatives = schema.oneOf ?? schema.anyOf;
  if (!alternatives?.length || !alternatives.every((it) => "const" in it)) return;
  return alternatives.map((it) => ({ value: String(it.const), ...(it.description && { description: it.description }) }));
}

/** A new element of a list: an object with its required members, or an empty text. */
function initialOf(schema: Schema, root: Schema): unknown {
  const target: Schema = { ...(schema.$ref ? resolve(schema.$ref, root) : {}), ...schema };
  if (target.type === "array") return [];
  if (target.type !== "object") return "";
  return Object.fromEntries((target.required ?? []).map((name) => [name, initialOf(target.properties?.[name] ?? {}, root)]));
}

function resolve(reference: string, root: Schema): Schema {
  const name = /^#\/\$defs\/(.+)$/.exec(reference)?.[1];
  return (name && root.$defs?.[name]) || {};
}

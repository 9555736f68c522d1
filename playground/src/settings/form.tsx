/** The form of a schema: each field reads its value from the settings, and writes its own member. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { type Path, setMember } from "./document";
import type { Field, Member } from "./schema";

interface FieldProps<F = Field> {
  name: string;
  path: Path;
  field: F;
  value: unknown;
  isRequired?: boolean;
}

type Of<K extends Field["kind"]> = Extract<Field, { kind: K }>;

export function Members({ members, path, value }: { members: Member[]; path: Path; value: unknown }) {
  const of = (name: string) => (isObject(value) ? value[name] : undefined);
  return (
    <>
      {members.map(({ name, field, isRequired }) => (
        <FieldView key={name} name={name} path={[...path, name]} field={field} value={of(name)} isRequired={isRequired} />
      ))}
    </>
  );
}

function FieldView({ field, ...props }: FieldProps) {
  switch (field.kind) {
    case "text":
      return <TextField field={field} {...props} />;
    case "number":
      return <NumberField field={field} {...props} />;
    case "choice":
      return <ChoiceField field={field} {...props} />;
    case "flag":
      return <FlagField field={field} {...props} />;
    case "list":
      return <ListField field={field} {...props} />;
    case "map":
      return <MapField field={field} {...props} />;
    case "object":
      return <ObjectField field={field} {...props} />;
    case "table":
      return <TableField field={field} {...props} />;
  }
}

/** A label, the input, and the description behind it. */
function Row({
  name,
  id,
  field,
  isRequired,
  children,
}: {
  name: string;
  id: string;
  field: Field;
  isRequired?: boolean | undefined;
  children: ComponentChildren;
}) {
  return (
    <div class="field">
      <label for={id}>
        {name}
        {isRequired && <span class="required"> required</span>}
      </label>
      {children}
      {field.description && (
        <p class="help" id={`${id}-help`}>
          <Help text={field.description} />
        </p>
      )}
    </div>
  );
}

/** Descriptions mark code with backticks. */
function Help({ text }: { text: string }) {
  return <>{text.split("`").map((part, position) => (position % 2 === 1 ? <code key={position}>{part}</code> : part))}</>;
}

function TextField({ name, path, field, value, isRequired }: FieldProps<Of<"text">>) {
  const id = useId();
  const isMultiline = typeof value === "string" && value.includes("\n");
  const shared = {
    id,
    spellcheck: false,
    "aria-describedby": field.description ? `${id}-help` : undefined,
    value: value === undefined || value === null ? "" : String(value),
    onInput: (event: { currentTarget: { value: string } }) =>
      setMember(path, event.currentTarget.value === "" && !isRequired ? undefined : event.currentTarget.value),
  };
  return (
    <Row name={name} id={id} field={field} isRequired={isRequired}>
      {isMultiline ? (
        <textarea rows={4} {...shared} />
      ) : (
        <input
          type="text"
          placeholder={field.default === undefined ? "" : String(field.default)}
          list={field.suggestions.length > 0 ? `${id}-list` : undefined}
          {...shared}
        />
      )}
      {field.suggestions.length > 0 && (
        <datalist id={`${id}-list`}>
          {field.suggestions.map((it) => (
            <option key={it} value={it} />
          ))}
        </datalist>
      )}
    </Row>
  );
}

function NumberField({ name, path, field, value, isRequired }: FieldProps<Of<"number">>) {
  const id = useId();
  const change = (text: string) => setMember(path, text === "" || Number.isNaN(Number(text)) ? undefined : Number(text));
  return (
    <Row name={name} id={id} field={field} isRequired={isRequired}>
      <input
        id={id}
        type="number"
        value={typeof value === "number" ? value : ""}
        onInput={(event) => change(event.currentTarget.value)}
      />
    </Row>
  );
}

function ChoiceField({ name, path, field, value, isRequired }: FieldProps<Of<"choice">>) {
  const id = useId();
  const chosen = field.choices.find((choice) => choice.value === value);
  return (
    <Row name={name} id={id} field={field} isRequired={isRequired}>
      <Choices id={id} field={field} value={value} onChoose={(it) => setMember(path, it)} describedBy={`${id}-help`} />
      {chosen?.description && (
        <p class="help chosen">
          <Help text={chosen.description} />
        </p>
      )}
    </Row>
  );
}

interface ChoicesProps {
  id?: string;
  field: { choices: Of<"choice">["choices"]; default?: unknown };
  value: unknown;
  label?: string;
  describedBy?: string;
  onChoose: (value: string | undefined) => void;
}

function Choices({ id, field, value, label, describedBy, onChoose }: ChoicesProps) {
  const isKnown = field.choices.some((choice) => choice.value === value);
  return (
    <select
      id={id}
      aria-label={label}
      aria-describedby={describedBy}
      value={value === undefined ? "" : String(value)}
      onChange={(event) => onChoose(event.currentTarget.value || undefined)}
    >
      <option value="">{field.default === undefined ? "not set" : `default: ${String(field.default)}`}</option>
      {!isKnown && value !== undefined && <option value={String(value)}>{String(value)} (not a value)</option>}
      {field.choices.map((choice) => (
        <option key={choice.value}>{choice.value}</option>
      ))}
    </select>
  );
}

function FlagField({ name, path, field, value, isRequired }: FieldProps<Of<"flag">>) {
  const id = useId();
  const choices = { choices: [{ value: "true" }, { value: "false" }], default: field.default };
  return (
    <Row name={name} id={id} field={field} isRequired={isRequired}>
      <Choices
        id={id}
        field={choices}
        value={value}
        onChoose={(it) => setMember(path, it === undefined ? undefined : it === "true")}
        describedBy={`${id}-help`}
      />
    </Row>
  );
}

function ObjectField({ name, path, field, value, isRequired }: FieldProps<Of<"object">>) {
  const id = useId();
  const isSet = value !== undefined;
  return (
    <fieldset class={isSet ? "set" : ""}>
      <legend>
        <input
          id={id}
          type="checkbox"
          checked={isSet}
          disabled={isRequired && isSet}
          aria-describedby={`${id}-help`}
          onChange={(event) => setMember(path, event.currentTarget.checked ? {} : undefined)}
        />{" "}
        <label for={id}>{name}</label>
      </legend>
      {field.description && (
        <p class="help" id={`${id}-help`}>
          <Help text={field.description} />
        </p>
      )}
      {isSet && <Members members={field.members} path={path} value={value} />}
    </fieldset>
  );
}

function ListField({ name, path, field, value }: FieldProps<Of<"list">>) {
  const items = Array.isArray(value) ? (value as unknown[]) : [];
  const singular = name.replace(/ies$/, "y").replace(/s$/, "");
  return (
    <fieldset class={items.length > 0 ? "set" : ""}>
      <legend>{name}</legend>
      {field.description && (
        <p class="help">
          <Help text={field.description} />
        </p>
      )}
      {items.map((item, position) => (
        <div class="item" key={position}>
          {field.item.kind === "object" ? (
            <fieldset class="set">
              <legend>
                {singular} {position + 1}
              </legend>
              <Members members={field.item.members} path={[...path, position]} value={item} />
            </fieldset>
          ) : (
            <FieldView
              name={`${singular} ${position + 1}`}
              path={[...path, position]}
              field={{ ...field.item, description: "" }}
              value={item}
              isRequired
            />
          )}
          <button
            type="button"
            class="small"
            aria-label={`Remove ${singular} ${position + 1}`}
            onClick={() => setMember(items.length > 1 ? [...path, position] : path, undefined)}
          >
            Remove
          </button>
        </div>
      ))}
      <button type="button" class="small" onClick={() => setMember(path, [...items, field.initial])}>
        Add {singular}
      </button>
    </fieldset>
  );
}

function MapField({ name, path, field, value }: FieldProps<Of<"map">>) {
  const key = useSignal("");
  const id = useId();
  const entries = Object.entries(isObject(value) ? value : {});
  return (
    <fieldset class={entries.length > 0 ? "set" : ""}>
      <legend>{name}</legend>
      {field.description && (
        <p class="help">
          <Help text={field.description} />
        </p>
      )}
      {entries.map(([member, it]) => (
        <div class="item" key={member}>
          <FieldView name={member} path={[...path, member]} field={{ ...field.value, description: "" }} value={it} isRequired />
          <button
            type="button"
            class="small"
            aria-label={`Remove ${member}`}
            onClick={() => setMember(entries.length > 1 ? [...path, member] : path, undefined)}
          >
            Remove
          </button>
        </div>
      ))}
      <div class="item add">
        <div class="field">
          <label for={id}>New name in {name}</label>
          <input
            id={id}
            value={key.value}
            spellcheck={false}
            onInput={(event) => {
              key.value = event.currentTarget.value;
            }}
          />
        </div>
        <button
          type="button"
          class="small"
          disabled={key.value.trim() === ""}
          onClick={() => {
            setMember([...path, key.value.trim()], "");
            key.value = "";
          }}
        >
          Add
        </button>
      </div>
    </fieldset>
  );
}

function TableField({ name, path, field, value }: FieldProps<Of<"table">>) {
  const filter = useSignal("");
  const id = useId();
  const of = (member: string) => (isObject(value) ? value[member] : undefined);
  const set = isObject(value) ? Object.keys(value).length : 0;
  const shown = field.names.filter((it) => it.name.includes(filter.value.trim().toLowerCase()));
  const choose = (member: string, chosen: string | undefined) => {
    const isLast = chosen === undefined && set === 1 && of(member) !== undefined;
    setMember(isLast ? path : [...path, member], chosen);
  };
  return (
    <fieldset class={set > 0 ? "set" : ""}>
      <legend>
        {name} {set > 0 && <span class="count plain">{set} set</span>}
      </legend>
      <p class="help">
        <Help text={field.description} />
      </p>
      {field.help && (
        <p class="help">
          <Help text={field.help} />
        </p>
      )}
      <details open={set > 0 || undefined}>
        <summary>All {field.names.length}</summary>
        <div class="field">
          <label for={id}>Filter</label>
          <input
            id={id}
            type="search"
            value={filter.value}
            onInput={(event) => {
              filter.value = event.currentTarget.value;
            }}
          />
        </div>
        <table class="choices">
          <tbody>
            {shown.map((it) => (
              <tr key={it.name} class={of(it.name) === undefined ? "" : "set"}>
                <th scope="row">{it.name}</th>
                <td>
                  <Choices
                    field={{ choices: field.choices, default: it.default }}
                    value={of(it.name)}
                    label={it.name}
                    onChoose={(chosen) => choose(it.name, chosen)}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </fieldset>
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

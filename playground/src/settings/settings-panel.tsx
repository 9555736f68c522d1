/** The settings: the text, the form, and the kustomization that installs them. */
import { useComputed, useSignal } from "@preact/signals";
import schema from "../../../docs/settings.schema.json";
import { check } from "../state/results";
import { settings } from "../state/session";
import { Code } from "../ui/code";
import { CopyButton } from "../ui/copy";
import { SeveritySign } from "../ui/icon";
import { readSettings } from "./document";
import { Members } from "./form";
import { kustomization, RECIPES, type Recipe } from "./recipes";
import { fieldOf, type Schema } from "./schema";
import { SETTINGS, SettingsText } from "./settings-text";

const FORM = fieldOf(schema as Schema, schema as Schema);

export function SettingsPanel() {
  const read = useComputed(() => readSettings(settings.value)).value;
  return (
    <div class="settings">
      <div class="beside">
        <section aria-labelledby="settings-text">
          <h2 id="settings-text">Settings</h2>
          <p class="help">The form writes into this text. All settings are optional.</p>
          <SettingsText />
          <Problems />
        </section>
        <details>
          <summary>Install them: the kustomization for a recipe</summary>
          <Install value={read.ok ? read.value : undefined} />
        </details>
      </div>
      <section aria-labelledby="settings-form">
        <h2 id="settings-form">Form</h2>
        {read.ok && FORM.kind === "object" ? (
          <Members members={FORM.members} path={[]} value={read.value} />
        ) : (
          <p class="problem">The form does not fit this text. {read.ok ? "" : read.message}</p>
        )}
      </section>
    </div>
  );
}

function Problems() {
  const problems = (check.value?.value.errors ?? []).filter((problem) => problem.file === SETTINGS);
  return (
    <div role="status">
      {problems.length > 0 && (
        <ul class="problems">
          {problems.map(({ line, message }) => (
            <li key={`${line} ${message}`}>
              <SeveritySign severity="deny" />
              <span>
                {line !== undefined && <code>line {line}</code>} {message}
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Install({ value }: { value: Record<string, unknown> | undefined }) {
  const recipe = useSignal<Recipe>("guard-aks");
  const hasCredentialKinds = useSignal(false);
  const made = value && kustomization(recipe.value, value, VERSION, hasCredentialKinds.value);
  return (
    <div class="install">
      <fieldset class="recipes">
        <legend>Recipe</legend>
        {(Object.keys(RECIPES) as Recipe[]).map((name) => (
          <label key={name}>
            <input
              type="radio"
              name="recipe"
              checked={recipe.value === name}
              onChange={() => {
                recipe.value = name;
              }}
            />
            <span>
              <strong>{name}</strong> {RECIPES[name]}
            </span>
          </label>
        ))}
      </fieldset>
      <label class="check">
        <input
          type="checkbox"
          checked={hasCredentialKinds.value}
          onChange={(event) => {
            hasCredentialKinds.value = event.currentTarget.checked;
          }}
        />
        <span>The cluster has the CRDs of Azure Service Operator or Crossplane: also check federated credentials</span>
      </label>
      {made ? (
        <>
          <div class="headline">
            <p>
              <code>kustomization.yaml</code>
            </p>
            <CopyButton text={made.text} />
          </div>
          <Code kind="code" label="kustomization.yaml">
            {made.text}
          </Code>
          {made.remarks.map((remark) => (
            <p class="help" key={remark}>
              {remark}
            </p>
          ))}
          <p class="help">
            Install it with <code>kubectl apply -k .</code>
          </p>
        </>
      ) : (
        <p class="problem">There is no kustomization for this text.</p>
      )}
    </div>
  );
}

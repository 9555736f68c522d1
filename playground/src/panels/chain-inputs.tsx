/** What a chain needs besides manifests: the issuer of the cluster, a namespace, and the federated credentials that `az` prints. */
import { credentialId } from "../editor/commands";
import { changed, credentials, issuer, namespace } from "../state/session";
import { uniqueName } from "../state/snapshot";
import { Code } from "../ui/code";
import { CopyButton } from "../ui/copy";
import type { ReadError, TextFile } from "../wasm/playground";

const LIST = "az identity federated-credential list --identity-name NAME --resource-group GROUP";
const IDENTITIES = "az identity list --resource-group GROUP";
const ISSUER = "az aks show --name CLUSTER --resource-group GROUP --query oidcIssuerProfile.issuerUrl --output tsv";

export function ChainInputs({ problems }: { problems: ReadError[] }) {
  const isFilled = issuer.value !== "" || namespace.value !== "" || credentials.value.length > 0;
  return (
    <details class="inputs" open={isFilled || undefined}>
      <summary>What the manifests do not tell: issuer, namespace, federated credentials</summary>
      <label>
        Issuer of the cluster's tokens
        <input
          type="url"
          spellcheck={false}
          value={issuer.value}
          placeholder="https://"
          onInput={(event) => {
            issuer.value = event.currentTarget.value;
            changed();
          }}
        />
      </label>
      <Command text={ISSUER} />
      <label>
        Namespace of objects that name none
        <input
          spellcheck={false}
          value={namespace.value}
          placeholder="default"
          onInput={(event) => {
            namespace.value = event.currentTarget.value;
            changed();
          }}
        />
      </label>
      <p class="field-name">Federated credentials and identities, as JSON</p>
      <Command text={LIST} />
      <Command text={IDENTITIES} />
      {credentials.value.map((file, position) => (
        <Credential
          key={file.name}
          file={file}
          problems={problems.filter((problem) => problem.file === file.name)}
          position={position}
        />
      ))}
      <button type="button" onClick={add}>
        Add JSON
      </button>
    </details>
  );
}

function Command({ text }: { text: string }) {
  return (
    <div class="with-copy">
      <Code kind="command" label="Command that prints it">
        {text}
      </Code>
      <CopyButton text={text} />
    </div>
  );
}

function Credential({ file, position, problems }: { file: TextFile; position: number; problems: ReadError[] }) {
  const id = credentialId(position);
  const change = (text: string) => {
    credentials.value = credentials.value.map((it) => (it.name === file.name ? { ...it, text } : it));
    changed();
  };
  const remove = () => {
    credentials.value = credentials.value.filter((it) => it.name !== file.name);
    changed();
  };
  return (
    <div class="credential">
      <label for={id}>{file.name}</label>
      <textarea
        id={id}
        rows={6}
        spellcheck={false}
        value={file.text}
        aria-describedby={problems.length > 0 ? `${id}-problems` : undefined}
        aria-invalid={problems.length > 0}
        onInput={(event) => change(event.currentTarget.value)}
      />
      {problems.length > 0 && (
        <p class="problem" id={`${id}-problems`}>
          {problems
            .map((problem) => (problem.line === undefined ? problem.message : `line ${problem.line}: ${problem.message}`))
            .join(" ")}
        </p>
      )}
      <button type="button" class="small" aria-label={`Remove ${file.name}`} onClick={remove}>
        Remove
      </button>
    </div>
  );
}

function add(): void {
  const taken = new Set(credentials.value.map((file) => file.name));
  credentials.value = [...credentials.value, { name: uniqueName("federated-credentials.json", taken), text: "" }];
  changed();
}

/** The chain from what runs to its federated credential: the picture, what is broken, and the same as a list. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { ChainPicture, STATES } from "../chain/picture";
import { goTo } from "../editor/commands";
import { chains } from "../state/results";
import { Code } from "../ui/code";
import { CopyButton } from "../ui/copy";
import { qualified } from "../ui/object-name";
import type { Break, Chains, DrawnChain, FilePlace, Unknown } from "../wasm/playground";
import { ChainInputs } from "./chain-inputs";
import { FindingItem } from "./findings";

export function ChainPanel() {
  const result = chains.value;
  return (
    <>
      {result && result.value.chains.length > 0 && <Chosen chains={result.value.chains} />}
      {result && result.value.chains.length === 0 && (
        <p class="quiet">No service account with an identity: there is no chain to follow.</p>
      )}
      {!result && <p class="quiet">Checking…</p>}
      {result && result.more > 0 && <p class="quiet">{result.more.toLocaleString("en")} more chains are not shown.</p>}
      <ChainInputs problems={result?.value.errors ?? []} />
      {result && <ChainFindings chains={result.value} />}
    </>
  );
}

function Chosen({ chains }: { chains: DrawnChain[] }) {
  const chosen = useSignal<string | undefined>(undefined);
  const shown =
    chains.find((chain) => qualified(chain.serviceAccount) === chosen.value) ??
    chains.find((chain) => chain.verdict === "broken") ??
    chains[0];
  if (!shown) return null;
  return (
    <>
      {chains.length > 1 && (
        <label class="inline">
          Service account
          <select
            value={qualified(shown.serviceAccount)}
            onChange={(event) => {
              chosen.value = event.currentTarget.value;
            }}
          >
            {chains.map((chain) => (
              <option key={chain.title} value={qualified(chain.serviceAccount)}>
                {chain.title}
              </option>
            ))}
          </select>
        </label>
      )}
      <Verdict chain={shown} />
      <Drawing chain={shown} />
      <Breaks chain={shown} />
      <AsList chain={shown} />
    </>
  );
}

function Verdict({ chain }: { chain: DrawnChain }) {
  const { verdict, serviceAccount } = chain;
  const first = chain.breaks[0];
  const words = {
    complete: "The chain is complete",
    broken: `The chain is broken at ${first?.link ?? "a link"}`,
    unknown: "The files do not show the whole chain",
  }[verdict];
  const sign = { complete: "✓", broken: "✕", unknown: "?" }[verdict];
  return (
    <p class={`verdict ${verdict}`}>
      <span class="mark" aria-hidden="true">
        {sign}
      </span>
      <span>
        <strong>{words}</strong> <span class="of">{qualified(serviceAccount)}</span>
        {first && <span class="why">{first.message}</span>}
      </span>
    </p>
  );
}

function Drawing({ chain }: { chain: DrawnChain }) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useSignal(0);
  useEffect(() => {
    if (!frame.current) return;
    const observer = new ResizeObserver(([entry]) => {
      width.value = Math.floor(entry?.contentRect.width ?? 0);
    });
    observer.observe(frame.current);
    return () => observer.disconnect();
  }, [width]);
  return (
    <div class="drawing" ref={frame}>
      {width.value > 0 && (
        <ChainPicture chain={chain} available={width.value} onGo={({ node }) => node.place && goTo(node.place)} />
      )}
      <ul class="legend" aria-label="Signs of the picture">
        <li class="whole">whole</li>
        <li class="broken">✕ broken</li>
        <li class="unknown">? unknown</li>
        <li class="open">not reached</li>
      </ul>
    </div>
  );
}

function Breaks({ chain }: { chain: DrawnChain }) {
  return (
    <ul class="breaks">
      {chain.breaks.map((it) => (
        <Fault key={`${it.link} ${it.message}`} kind="broken" sign="✕" fault={it} command={it.command} />
      ))}
      {chain.unknown.map((it) => (
        <Fault key={`${it.link} ${it.message}`} kind="unknown" sign="?" fault={it} />
      ))}
    </ul>
  );
}

interface FaultProps {
  kind: "broken" | "unknown";
  sign: string;
  fault: Break | Unknown;
  command?: string | undefined;
}

function Fault({ kind, sign, fault, command }: FaultProps) {
  return (
    <li class={kind}>
      <p>
        <span class="mark" aria-hidden="true">
          {sign}
        </span>
        <strong>{fault.link}</strong> {fault.message} <Go place={fault.file === undefined ? undefined : fault} />
      </p>
      {command && (
        <div class="with-copy">
          <Code kind="command" label="Command that repairs the link">
            {command}
          </Code>
          <CopyButton text={command} name="Copy the command" />
        </div>
      )}
    </li>
  );
}

function Go({ place }: { place: FilePlace | undefined }) {
  if (!place) return null;
  return (
    <button type="button" class="link" onClick={() => goTo(place)}>
      {place.file}:{place.line}
    </button>
  );
}

function AsList({ chain }: { chain: DrawnChain }) {
  const names = new Map(chain.nodes.map((node) => [node.id, node.lines.slice(0, 2).join(" ")]));
  return (
    <details>
      <summary>The chain as a list</summary>
      <ol class="as-list">
        {chain.nodes.map((node) => (
          <li key={node.id}>
            {node.lines.join(", ")} <Go place={node.place} />
            <ul>
              {chain.edges
                .filter((edge) => edge.from === node.id)
                .map((edge) => (
                  <li key={edge.to}>
                    {edge.label && `${edge.label}: `}
                    <strong>{STATES[edge.state]}</strong>, to {names.get(edge.to)}
                  </li>
                ))}
            </ul>
          </li>
        ))}
      </ol>
    </details>
  );
}

function ChainFindings({ chains }: { chains: Chains }) {
  const { findings } = chains;
  if (findings.length === 0) return null;
  return (
    <section>
      <h2>Findings about the chains</h2>
      <ul class="findings">
        {findings.slice(0, 100).map((finding) => (
          <FindingItem key={finding.fingerprint} finding={finding} />
        ))}
      </ul>
    </section>
  );
}

/** The picture of a chain: parts as boxes, links as arrows. A state is never a colour alone: it has a sign, a stroke and a word. */
import type { Chain, LinkState } from "../wasm/playground";
import { type Arrow, type Box, FONT, LINE, layOut, PAD } from "./layout";

export const STATES = { whole: "whole", open: "not reached", unknown: "unknown", broken: "broken" } as const satisfies Record<
  LinkState,
  string
>;

/** Broken links are drawn last, above the others. */
const ORDER: LinkState[] = ["open", "whole", "unknown", "broken"];

export function ChainPicture({ chain, available, onGo }: { chain: Chain; available: number; onGo: (box: Box) => void }) {
  const picture = layOut(chain, available);
  const arrows = picture.arrows.toSorted((a, b) => ORDER.indexOf(a.edge.state) - ORDER.indexOf(b.edge.state));
  // Small pictures keep the size of their text; large ones shrink to the space.
  const width = Math.min(picture.width, available);
  return (
    <svg
      class="chain"
      role="img"
      aria-labelledby="chain-title chain-description"
      viewBox={`-4 -4 ${picture.width} ${picture.height}`}
      width={width}
    >
      <title id="chain-title">{chain.title}</title>
      <desc id="chain-description">{describe(chain)}</desc>
      <defs>
        {ORDER.map((state) => (
          <marker
            key={state}
            id={`head-${state}`}
            class={`head ${state}`}
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerUnits="userSpaceOnUse"
            markerWidth="11"
            markerHeight="11"
            orient="auto"
          >
            <path d="M0 0L8 4L0 8z" />
          </marker>
        ))}
      </defs>
      {arrows.map((arrow) => (
        <path
          key={`${arrow.edge.from} ${arrow.edge.to}`}
          class={`edge ${arrow.edge.state}`}
          d={arrow.path}
          marker-end={`url(#head-${arrow.edge.state})`}
        />
      ))}
      {picture.boxes.map((box) => (
        <Part key={box.node.id} box={box} onGo={onGo} />
      ))}
      {arrows.map((arrow) => (
        <Label key={`${arrow.edge.from} ${arrow.edge.to}`} arrow={arrow} />
      ))}
    </svg>
  );
}

function Part({ box, onGo }: { box: Box; onGo: (box: Box) => void }) {
  const { node, x, y, width, height, lines } = box;
  return (
    // The same place is a button of the list below, which keyboards and screen readers use.
    // biome-ignore lint/a11y/noStaticElementInteractions: see above
    <g class={`part ${node.kind} ${node.place ? "placed" : ""}`} onClick={() => onGo(box)}>
      <title>{node.lines.join("\n")}</title>
      <rect x={x} y={y} width={width} height={height} rx="8" />
      {lines.map((line, position) => (
        <text
          key={position}
          class={position === 0 ? "first" : ""}
          x={x + PAD}
          y={y + PAD + position * LINE + FONT - 1}
          font-size={FONT}
        >
          {line}
        </text>
      ))}
    </g>
  );
}

const SIGN = 10;
const CHARACTER = 6.7;

function Label({ arrow }: { arrow: Arrow }) {
  const { edge, x, y, label } = arrow;
  const { state } = edge;
  const hasSign = state === "broken" || state === "unknown";
  if (arrow.isShared || (label.length === 0 && !hasSign)) return null;
  const words =
    state === "broken" ? ["broken:", ...label] : state === "unknown" ? [...label.slice(0, -1), `${label.at(-1) ?? ""}?`] : label;
  const width = Math.max(...words.map((word) => word.length)) * CHARACTER + 12;
  const height = words.length * 14 + 6;
  const top = y - height / 2;
  return (
    <g class={`label ${state}`}>
      <rect x={x - width / 2} y={top} width={width} height={height} rx="5" />
      {words.map((word, position) => (
        <text key={position} x={x} y={top + 14 + position * 14} text-anchor="middle" font-size="11">
          {word}
        </text>
      ))}
      {hasSign && (
        <g class="sign" transform={`translate(${x - width / 2 - SIGN + 3} ${y})`}>
          <circle r={SIGN} />
          {state === "broken" ? (
            <path d="M-4 -4L4 4M4 -4L-4 4" />
          ) : (
            <text y="4.5" text-anchor="middle" font-size="13">
              ?
            </text>
          )}
        </g>
      )}
    </g>
  );
}

/** The same in words. */
export function describe(chain: Chain): string {
  const name = new Map(chain.nodes.map((node) => [node.id, node.lines.join(" ")]));
  return chain.edges
    .map((edge) => `${name.get(edge.from)} to ${name.get(edge.to)}: ${edge.label}, ${STATES[edge.state]}.`)
    .join(" ");
}

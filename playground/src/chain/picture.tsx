/** The picture of a chain: parts as boxes, links as arrows. A state is never a colour alone: it has a sign, a stroke and a word. */
import type { Group, LinkState } from "../wasm/playground";
import { type Arrow, type Box, layOut, PAD } from "./layout";
import { FONT, LABEL_FONT, LABEL_LINE, LINE, SIGN } from "./text";

export const STATES = { whole: "whole", open: "not reached", unknown: "unknown", broken: "broken" } as const satisfies Record<
  LinkState,
  string
>;

/** Broken links are drawn last, above the others. */
const ORDER: LinkState[] = ["open", "whole", "unknown", "broken"];

export function ChainPicture({ chain, available, onGo }: { chain: Group; available: number; onGo: (box: Box) => void }) {
  const picture = layOut(chain, available);
  const arrows = picture.arrows.toSorted((a, b) => ORDER.indexOf(a.edge.state) - ORDER.indexOf(b.edge.state));
  // With room for the strokes. Small pictures keep the size of their text; large ones shrink to the space.
  const viewBox = `-4 -4 ${picture.width + 8} ${picture.height + 8}`;
  const width = Math.min(picture.width + 8, available);
  return (
    <svg class="chain" role="img" aria-labelledby="chain-title chain-description" viewBox={viewBox} width={width}>
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
        <LabelView key={`${arrow.edge.from} ${arrow.edge.to}`} arrow={arrow} />
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

function LabelView({ arrow }: { arrow: Arrow }) {
  const { edge, label, x, y } = arrow;
  if (!label) return null;
  const { lines, width, height, hasSign } = label;
  const [left, top] = [x - width / 2, y - height / 2];
  return (
    <g class={`label ${edge.state}`}>
      <rect x={left} y={top} width={width} height={height} rx="5" />
      {lines.map((line, position) => (
        <text key={position} x={x} y={top + (position + 1) * LABEL_LINE} text-anchor="middle" font-size={LABEL_FONT}>
          {line}
        </text>
      ))}
      {hasSign && (
        <g class="sign" transform={`translate(${left - SIGN + 3} ${y})`}>
          <circle r={SIGN} />
          {edge.state === "broken" ? (
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
export function describe(chain: Group): string {
  const name = new Map(chain.nodes.map((node) => [node.id, node.lines.join(" ")]));
  return chain.edges
    .map((edge) => `${name.get(edge.from)} to ${name.get(edge.to)}: ${edge.label}, ${STATES[edge.state]}.`)
    .join(" ");
}

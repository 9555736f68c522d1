/**
 * Where the parts of a chain are drawn. Pure: no element is measured.
 *
 * The nodes stand in layers, each behind all that lead to it: in columns from left to right, or in rows from top to bottom where the page
 * is narrow.
 */
import type { ChainEdge, ChainNode, Group } from "../wasm/playground";
import { FONT, type Label, LINE, labelOf, SIGN, widthOf, wrap } from "./text";

export interface Box {
  node: ChainNode;
  x: number;
  y: number;
  width: number;
  height: number;
  /** The first is the head. */
  lines: string[];
}

export interface Arrow {
  edge: ChainEdge;
  path: string;
  /** Absent if another arrow has it: arrows that meet and say the same share one. */
  label?: Label;
  /** The middle of the label. */
  x: number;
  y: number;
}

export interface Picture {
  width: number;
  height: number;
  boxes: Box[];
  arrows: Arrow[];
}

/** Between the border of a box and its text. */
export const PAD = 11;
const MAX_LINES = 16;

/** The space that columns need: less is too small to read. */
export const WIDE = 1_000;

export function layOut(chain: Group, available: number): Picture {
  const layers = layersOf(chain);
  return available >= WIDE ? inColumns(chain, layers) : inRows(chain, layers, Math.max(300, Math.min(available, 760)));
}

/** The nodes by the length of the longest way to them. */
function layersOf(chain: Group): ChainNode[][] {
  const depth = new Map(chain.nodes.map((node) => [node.id, 0]));
  // A chain has no cycles; the bound makes sure that a wrong one ends too.
  for (let round = 0; round < chain.nodes.length; round++) {
    let isSettled = true;
    for (const { from, to } of chain.edges) {
      const needed = (depth.get(from) ?? 0) + 1;
      if ((depth.get(to) ?? needed) >= needed) continue;
      depth.set(to, Math.min(needed, chain.nodes.length));
      isSettled = false;
    }
    if (isSettled) break;
  }
  const layers: ChainNode[][] = [];
  for (const node of chain.nodes) {
    const at = depth.get(node.id) ?? 0;
    while (layers.length <= at) layers.push([]);
    layers[at]?.push(node);
  }
  return layers.filter((layer) => layer.length > 0);
}

const COLUMN = { least: 110, most: 216 };
/** In characters. */
const LABEL_IN_COLUMNS = 12;
/** Beside a label in the gap between two columns: for the sign and for the head of the arrow. */
const BESIDE_LABEL = 2 * SIGN + 22;
const BETWEEN = 22;

function inColumns(chain: Group, layers: ChainNode[][]): Picture {
  const labels = new Map(chain.edges.map((edge) => [edge, labelOf(edge, LABEL_IN_COLUMNS)]));
  const columns: Box[][] = [];
  let x = 0;
  for (const layer of layers) {
    const ids = new Set(layer.map((node) => node.id));
    const leading = chain.edges.filter((edge) => ids.has(edge.to)).map((edge) => labels.get(edge)?.width ?? 0);
    if (columns.length > 0) x += Math.max(0, ...leading) + BESIDE_LABEL;
    const longest = Math.max(...layer.flatMap((node) => node.lines).map((line) => line.length));
    const width = Math.min(Math.max(widthOf(longest, FONT) + 2 * PAD + 2, COLUMN.least), COLUMN.most);
    columns.push(stack(layer, x, width));
    x += width;
  }
  const height = Math.max(...columns.map(bottom));
  for (const boxes of columns) {
    const shift = (height - bottom(boxes)) / 2;
    for (const box of boxes) box.y += shift;
  }
  const boxes = columns.flat();
  const arrows = connect(chain, boxes, labels, (from, to) => {
    const start = { x: from.x + from.width, y: from.y + from.height / 2 };
    const end = { x: to.x, y: to.y + to.height / 2 };
    const bend = (end.x - start.x) / 2;
    return {
      path: curve(start, { x: start.x + bend, y: start.y }, { x: end.x - bend, y: end.y }, end),
      middle: between(start, end),
      meeting: (label) => ({ x: end.x - label.width / 2 - 12, y: end.y }),
    };
  });
  return { width: x, height, boxes, arrows };
}

const ROW_GAP = 76;
const BESIDE = 20;

function inRows(chain: Group, layers: ChainNode[][], width: number): Picture {
  const labels = new Map(chain.edges.map((edge) => [edge, labelOf(edge, Number.POSITIVE_INFINITY)]));
  const boxes: Box[] = [];
  let y = 0;
  for (const layer of layers) {
    const perRow = Math.min(layer.length, width < 620 ? 2 : 3);
    const each = Math.min((width - BESIDE * (perRow - 1)) / perRow, perRow === 1 ? 420 : 340);
    for (let start = 0; start < layer.length; start += perRow) {
      const row = layer.slice(start, start + perRow);
      const left = (width - row.length * each - (row.length - 1) * BESIDE) / 2;
      const placed = row.map((node, position) => box(node, left + position * (each + BESIDE), y, each));
      boxes.push(...placed);
      y = bottom(placed) + (start + perRow < layer.length ? BETWEEN : ROW_GAP);
    }
  }
  const arrows = connect(chain, boxes, labels, (from, to) => {
    const start = { x: from.x + from.width / 2, y: from.y + from.height };
    const end = { x: to.x + to.width / 2, y: to.y };
    const bend = (end.y - start.y) / 2;
    return {
      path: curve(start, { x: start.x, y: start.y + bend }, { x: end.x, y: end.y - bend }, end),
      middle: between(start, end),
      meeting: (label) => ({ x: end.x, y: end.y - label.height / 2 - 12 }),
    };
  });
  return { width, height: y - ROW_GAP, boxes, arrows };
}

function stack(nodes: ChainNode[], x: number, width: number): Box[] {
  let y = 0;
  return nodes.map((node) => {
    const placed = box(node, x, y, width);
    y += placed.height + BETWEEN;
    return placed;
  });
}

function bottom(boxes: Box[]): number {
  return Math.max(...boxes.map((it) => it.y + it.height));
}

function box(node: ChainNode, x: number, y: number, width: number): Box {
  const fit = Math.max(8, Math.floor((width - 2 * PAD) / widthOf(1, FONT)));
  const all = node.lines.flatMap((line) => wrap(line, fit));
  const lines = all.length > MAX_LINES ? [...all.slice(0, MAX_LINES - 1), "…"] : all;
  return { node, x, y, width, height: lines.length * LINE + 2 * PAD - 4, lines };
}

interface Point {
  x: number;
  y: number;
}

/** The way of an arrow, and where its label is: in its middle, or where several arrows meet. */
interface Way {
  path: string;
  middle: Point;
  meeting: (label: Label) => Point;
}

function connect(
  chain: Group,
  boxes: Box[],
  labels: Map<ChainEdge, Label | undefined>,
  way: (from: Box, to: Box) => Way,
): Arrow[] {
  const byId = new Map(boxes.map((it) => [it.node.id, it]));
  const arrows: Arrow[] = [];
  for (const edge of chain.edges) {
    const [from, to] = [byId.get(edge.from), byId.get(edge.to)];
    if (!from || !to) continue;
    const { path, middle, meeting } = way(from, to);
    const label = labels.get(edge);
    const same = arrows.find((it) => it.edge.to === edge.to && it.edge.label === edge.label && it.edge.state === edge.state);
    if (same && label) Object.assign(same, meeting(label));
    arrows.push({ edge, path, ...middle, ...(label && !same && { label }) });
  }
  return arrows;
}

function curve(start: Point, first: Point, second: Point, end: Point): string {
  return `M${point(start)}C${point(first)} ${point(second)} ${point(end)}`;
}

function between(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

const point = ({ x, y }: Point) => `${round(x)},${round(y)}`;
const round = (value: number) => Math.round(value * 10) / 10;

import { describe, expect, test } from "vitest";
import { layOut, WIDE } from "../../src/chain/layout";
import { wrap } from "../../src/chain/text";
import type { ChainEdge, ChainNode, Group } from "../../src/wasm/playground";

const node = (id: string, kind: ChainNode["kind"], ...lines: string[]): ChainNode => ({ id, kind, lines, place: undefined });
const edge = (from: string, to: string, label = ""): ChainEdge => ({ from, to, label, state: "whole" });

function chain(users: number): Group {
  const pods = Array.from({ length: users }, (_, number) => node(`u${number}`, "workload", `Deployment shop/orders-${number}`));
  return {
    title: "shop/orders: complete",
    nodes: [
      ...pods,
      node("account", "service-account", "service account", "shop/orders"),
      node("client", "client", "client", "3f5c0f6e-9a41-4f0e-8a5d-2b7c1e4d9a10"),
      node("token", "token", "token", `issuer https://${"long.".repeat(30)}example/`),
      node("credential", "credential", "federated credential", "orders"),
      node("entra", "entra", "Microsoft Entra ID"),
    ],
    edges: [
      ...pods.map((pod) => edge(pod.id, "account", "label, service-account")),
      edge("account", "client", "client-id"),
      edge("account", "token", "issuer"),
      edge("client", "credential", "federated-credential"),
      edge("token", "credential", "federated-credential"),
      edge("credential", "entra"),
    ],
  };
}

const widths = { phone: 312, pane: 650, wide: WIDE + 300 };

describe.each(Object.entries(widths))("%s", (_, available) => {
  test.each([1, 2, 21])("no part covers another, and all are inside: %i pods", (users) => {
    const { boxes, width, height } = layOut(chain(users), available);
    for (const [position, a] of boxes.entries()) {
      expect(a.x).toBeGreaterThanOrEqual(0);
      expect(a.x + a.width).toBeLessThanOrEqual(width);
      expect(a.y + a.height).toBeLessThanOrEqual(height);
      for (const b of boxes.slice(position + 1)) {
        const isApart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
        expect(isApart, `${a.node.id} and ${b.node.id}`).toBe(true);
      }
    }
  });

  test("the order is pod, service account, client and token, credential, Entra ID", () => {
    const { boxes } = layOut(chain(1), available);
    const at = (id: string) => boxes.find((box) => box.node.id === id)?.[available >= WIDE ? "x" : "y"] ?? Number.NaN;
    const ways = [
      ["u0", "account", "client", "credential", "entra"],
      ["u0", "account", "token", "credential", "entra"],
    ];
    for (const way of ways) expect(way.toSorted((a, b) => at(a) - at(b))).toEqual(way);
  });
});

test.each(Object.values(widths))("no label covers a box or another label: %i pixels", (available) => {
  const { boxes, arrows } = layOut(chain(1), available);
  const labels = arrows.flatMap(({ label, x, y }) =>
    label ? [{ x: x - label.width / 2, y: y - label.height / 2, width: label.width, height: label.height }] : [],
  );
  for (const [position, a] of labels.entries()) {
    for (const b of [...labels.slice(position + 1), ...boxes]) {
      expect(a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y).toBe(true);
    }
  }
});

test("arrows that meet with the same words have one label", () => {
  const { arrows } = layOut(chain(1), widths.pane);
  expect(arrows.filter((arrow) => arrow.label?.lines.includes("federated-credential"))).toHaveLength(1);
});

test("lines are never longer than their box, and lose nothing", () => {
  const text = "issuer https://westeurope.oic.prod-aks.azure.com/11111111-2222-3333-4444-555555555555/";
  const lines = wrap(text, 20);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(20);
  expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
});

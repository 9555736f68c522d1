/** Objects as people name them. */
import type { AccountName, ObjectName } from "../wasm/playground";

/** `Deployment shop/web`. Empty without a kind. */
export function objectName(object: ObjectName): string {
  return object.kind && [object.kind, qualified(object)].filter(Boolean).join(" ");
}

/** `shop/web`. */
export function qualified({ namespace, name }: ObjectName | AccountName): string {
  return [namespace, name].filter(Boolean).join("/");
}

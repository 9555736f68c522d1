/** Copies a text, and says so. */
import { useSignal } from "@preact/signals";
import { Icon } from "./icon";

export function CopyButton({ text, name = "Copy" }: { text: string; name?: string }) {
  const state = useSignal<"idle" | "copied" | "failed">("idle");
  const copy = async () => {
    state.value = await navigator.clipboard.writeText(text).then(
      () => "copied" as const,
      () => "failed" as const,
    );
    setTimeout(() => {
      state.value = "idle";
    }, 2_500);
  };
  const shown = { idle: name, copied: "Copied", failed: "The browser does not allow it" }[state.value];
  return (
    <button type="button" class="small" onClick={() => void copy()}>
      <Icon name={state.value === "copied" ? "check" : "copy"} />
      <span aria-live="polite">{shown}</span>
    </button>
  );
}

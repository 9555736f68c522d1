/** Dark or light: that of the system, unless the person chose one. */
import { effect, signal } from "@preact/signals";
import { loadValue, saveValue } from "./storage";

export type Theme = "auto" | "light" | "dark";

const kept = loadValue("theme");
export const theme = signal<Theme>(kept === "light" || kept === "dark" ? kept : "auto");

effect(() => {
  if (theme.value === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
  if (theme.value !== (kept ?? "auto") || kept !== null) saveValue("theme", theme.value);
});

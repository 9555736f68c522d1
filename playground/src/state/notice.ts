/** A sentence for the person, shown and said once, perhaps with something to do. */
import { signal } from "@preact/signals";

export interface Notice {
  text: string;
  action?: { name: string; run: () => void };
}

export const notice = signal<Notice | undefined>(undefined);

export function tell(text: string, action?: Notice["action"]): void {
  notice.value = action ? { text, action } : { text };
}

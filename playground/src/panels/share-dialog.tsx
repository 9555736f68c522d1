/** Makes a link of the state. It says what the link contains before it can be copied. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { credentials, currentSnapshot, files, settings } from "../state/session";
import { encode, type Link, MAX_LINK } from "../state/share";
import { CopyButton } from "../ui/copy";
import { Dialog } from "../ui/dialog";

export function ShareDialog({ onClose }: { onClose: () => void }) {
  const link = useSignal<Link | undefined>(undefined);
  useEffect(() => {
    void encode(currentSnapshot()).then((made) => {
      link.value = made;
    });
  }, [link]);
  return (
    <Dialog title="Share a link" onClose={onClose}>
      <p class="warning">
        <strong>This link contains your manifest.</strong> Everyone who has the link can read {contents()}. The part behind the #
        holds it; browsers do not send that part to a server, but chat programs and mail keep it.
      </p>
      {link.value?.ok && <Ready address={`${location.href.replace(/#.*/, "")}${link.value.fragment}`} />}
      {link.value && !link.value.ok && <TooLong length={link.value.length} />}
    </Dialog>
  );
}

function Ready({ address }: { address: string }) {
  return (
    <>
      <label>
        The link
        <textarea readOnly rows={4} value={address} onFocus={(event) => event.currentTarget.select()} />
      </label>
      <div class="headline">
        <p class="quiet">{kilobytes(address.length)} KB</p>
        <CopyButton text={address} name="Copy the link" />
      </div>
    </>
  );
}

function TooLong({ length }: { length: number }) {
  const largest = [...files.value].sort((a, b) => b.doc.length - a.doc.length)[0];
  return (
    <p class="problem">
      The link would have {kilobytes(length)} KB, and links of more than {MAX_LINK / 1024} KB are often cut. The largest part is{" "}
      {largest?.name} with {kilobytes(largest?.doc.length ?? 0)} KB of text: close files that are not needed, or save the files
      and send them.
    </p>
  );
}

function contents(): string {
  const parts = [
    files.value.length === 1 ? `the text of ${files.value[0]?.name}` : `the text of all ${files.value.length} files`,
  ];
  if (settings.value.trim() !== "") parts.push("the settings");
  if (credentials.value.length > 0) parts.push("the federated credentials");
  return parts.length === 1 ? (parts[0] ?? "") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

function kilobytes(length: number): string {
  return (length / 1024).toFixed(length < 10_240 ? 1 : 0);
}

/** Opens files or a folder. */
import { useRef } from "preact/hooks";
import { Icon } from "../ui/icon";
import { openChosen } from "./files";

export function OpenButtons() {
  const chooser = useRef<HTMLInputElement>(null);
  const folderChooser = useRef<HTMLInputElement>(null);
  const opened = (event: Event) => {
    const input = event.currentTarget as HTMLInputElement;
    if (input.files) void openChosen(input.files);
    input.value = "";
  };
  return (
    <>
      <button type="button" class="icon" title="Open files" aria-label="Open files" onClick={() => chooser.current?.click()}>
        <Icon name="file" />
      </button>
      <button
        type="button"
        class="icon"
        title="Open a folder"
        aria-label="Open a folder"
        onClick={() => folderChooser.current?.click()}
      >
        <Icon name="folder" />
      </button>
      <input ref={chooser} type="file" multiple hidden aria-label="Files to open" onChange={opened} />
      <input
        ref={folderChooser}
        type="file"
        hidden
        aria-label="Folder to open"
        onChange={opened}
        {...{ webkitdirectory: true }}
      />
    </>
  );
}

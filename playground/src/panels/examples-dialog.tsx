/** The examples, those of the README before those of the rules, with a search. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { type Example, loadExamples } from "../state/examples";
import { openExample } from "../state/start";
import { Dialog } from "../ui/dialog";

export function ExamplesDialog({ onClose }: { onClose: () => void }) {
  const all = useSignal<Example[]>([]);
  const query = useSignal("");
  useEffect(() => {
    void loadExamples().then((loaded) => {
      all.value = loaded;
    });
  }, [all]);
  const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = all.value.filter((example) =>
    words.every((word) => `${example.name} ${example.about}`.toLowerCase().includes(word)),
  );
  const choose = (example: Example) => {
    onClose();
    openExample(example);
  };
  return (
    <Dialog title="Examples" onClose={onClose}>
      <label>
        Search
        <input
          type="search"
          autofocus
          value={query.value}
          onInput={(event) => {
            query.value = event.currentTarget.value;
          }}
        />
      </label>
      <p class="hidden" role="status">
        {found.length} examples
      </p>
      <section class="examples" tabIndex={0} aria-label="Found examples">
        <Group name="Start here" examples={found.filter((example) => !example.isRule)} onChoose={choose} />
        <Group name="One for each rule" examples={found.filter((example) => example.isRule)} onChoose={choose} />
        {found.length === 0 && all.value.length > 0 && <p class="quiet">No example contains these words.</p>}
      </section>
    </Dialog>
  );
}

function Group({ name, examples, onChoose }: { name: string; examples: Example[]; onChoose: (example: Example) => void }) {
  if (examples.length === 0) return null;
  return (
    <section>
      <h3>{name}</h3>
      <ul>
        {examples.map((example) => (
          <li key={example.name}>
            <button type="button" onClick={() => onChoose(example)}>
              <strong>{example.name}</strong>
              <span>{example.about.replaceAll("`", "")}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What `kubectl apply` prints for the files. */
import { answers } from "../state/results";
import { Code } from "../ui/code";
import { CopyButton } from "../ui/copy";
import type { Answer } from "../wasm/playground";

export function AnswerPanel() {
  const result = answers.value;
  if (!result) return <p class="quiet">Checking…</p>;
  if (result.value.length === 0) return <p class="quiet">No object would be applied.</p>;
  const denied = result.value.filter((answer) => !answer.allowed).length;
  const text = transcript(result.value);
  return (
    <>
      <div class="headline">
        <p>
          <strong>{verdict(denied, result.value.length)}</strong>, with these settings in a cluster with the policy.
        </p>
        <CopyButton text={text} />
      </div>
      <Code kind="terminal" label="What kubectl prints">
        {lines(text)}
      </Code>
      {result.more > 0 && <p class="quiet">{result.more.toLocaleString("en")} more answers are not shown.</p>}
    </>
  );
}

function verdict(denied: number, all: number): string {
  if (denied === 0) return all === 1 ? "The object is admitted" : "Every object is admitted";
  if (all === 1) return "The object is rejected";
  return denied === all
    ? `All ${all} objects are rejected`
    : `${denied} of ${all} objects ${denied === 1 ? "is" : "are"} rejected`;
}

/** The commands, each with what it prints. */
function transcript(given: readonly Answer[]): string {
  const byFile = new Map<string, string[]>();
  for (const { file, text } of given) byFile.set(file, [...(byFile.get(file) ?? []), text]);
  return [...byFile].map(([file, texts]) => [`$ kubectl apply -f ${quoted(file)}`, ...texts].join("\n")).join("\n\n");
}

function quoted(file: string): string {
  return /^[\w./@:+-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`;
}

/** The first words of a line say what it is; the colour only repeats them. */
function lines(text: string) {
  return text.split("\n").map((line, position) => {
    const kind = line.startsWith("$ ")
      ? "command"
      : /^Error\b/.test(line)
        ? "deny"
        : line.startsWith("Warning:")
          ? "warn"
          : "plain";
    return (
      <span key={position} class={kind}>
        {line}
        {"\n"}
      </span>
    );
  });
}

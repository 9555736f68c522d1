//! The command line: what was typed. What it means is worked out by [`Policy`](crate::policy::Policy) and
//! [`Inputs`](crate::inputs::Inputs).

use std::borrow::Cow;
use std::ffi::OsString;
use std::num::{NonZeroU16, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use azure_workload_identity_lint::settings::Preset;
use azure_workload_identity_policy::formats::is_object_name;
use azure_workload_identity_policy::rule::Severity;
use azure_workload_identity_trace::why::question::Target;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// Checks Kubernetes manifests for mistakes with Azure Workload Identity, without a cluster
#[derive(Debug, Parser)]
#[command(name = "azwi-check", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) check: CheckArguments,
    #[command(flatten)]
    pub(crate) display: DisplayArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check manifests (the default command)
    Check(Box<CheckArguments>),
    /// Show what admission would inject into each pod and pod template, as a diff for `patch -p1`
    Diff(Box<DiffArguments>),
    /// Make the safe corrections in the files, and report the remaining findings
    Fix(Box<FixArguments>),
    /// Follow each service account from the pods that use it to its federated credential, and show the broken link
    Chain(Box<ChainArguments>),
    /// Print what a rule finds, why it matters, and how to fix it
    Explain {
        /// The name of the rule, as messages show it
        rule: String,
    },
    /// List the rules
    Rules {
        /// The format of the list
        #[arg(long, value_enum, default_value_t = ListFormat::Human)]
        format: ListFormat,
    },
    /// Answer an admission review as policy-server does, with the JSON patch that it would send
    Review {
        /// The file with the admission review; `-` or none for standard input
        file: Option<PathBuf>,
        #[command(flatten)]
        policy: PolicyArguments,
    },
    /// Explain why a running pod has its identity, or none; asks kubectl, and changes nothing
    Why(Box<WhyArguments>),
    /// Print a script that completes the command line in a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

/// The names of the commands.
pub(crate) const COMMANDS: &[&str] =
    &["check", "diff", "fix", "chain", "explain", "rules", "review", "why", "completions", "man"];

/// Puts the command before options that all commands have, or all that read an input: clap looks for a command in the first place
/// only, since without one the arguments are those of `check`.
pub(crate) fn command_first(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let mut position = 1;
    while let Some(argument) = arguments.get(position).and_then(|argument| argument.to_str()) {
        position += match argument {
            "--color" => 2,
            "-q" | "--quiet" | "-v" | "--verbose" | "--no-progress" | "--allow-empty" => 1,
            argument if argument.starts_with("--color=") => 1,
            argument if COMMANDS.contains(&argument) => {
                arguments.get_mut(1..=position).unwrap_or_default().rotate_right(1);
                break;
            }
            _ => break,
        };
    }
    arguments
}

/// Which files are read.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Input")]
pub(crate) struct PathArguments {
    /// Files and folders to read, `-` for standard input; by default `paths` of the configuration, or the current folder
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// The number of threads; by default, one for each processor
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Exit with 0, not with 3, if no Kubernetes object is in the input
    #[arg(long, overrides_with = "allow_empty")]
    pub(crate) allow_empty: bool,
}

fn threads(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "it requires a number from 1".to_owned())
}

/// What is rendered and read.
#[derive(Debug, Args)]
#[command(next_help_heading = "Input")]
pub(crate) struct RenderArguments {
    /// Run `kustomize build` (or `kubectl kustomize`) on a folder, and read what it prints
    #[arg(long, value_name = "DIR")]
    pub(crate) kustomize: Vec<PathBuf>,
    /// Run `helm template` on a chart, and read what it prints; helm gets the arguments behind `--`
    #[arg(long, value_name = "CHART")]
    pub(crate) helm: Option<OsString>,
    /// Render the folders and check the result instead of their files: each kustomization that no other one includes, and each chart
    /// with its default values
    #[arg(long)]
    pub(crate) render: bool,
    /// How long kustomize and helm may run for each folder or chart
    #[arg(long, value_name = "SECONDS", default_value_t = RENDER_TIMEOUT)]
    pub(crate) render_timeout: NonZeroU16,
    /// Arguments for helm
    #[arg(last = true, value_name = "ARGS", requires = "helm")]
    pub(crate) helm_arguments: Vec<OsString>,
}

impl Default for RenderArguments {
    fn default() -> Self {
        let (kustomize, helm, helm_arguments) = Default::default();
        Self { kustomize, helm, render: false, render_timeout: RENDER_TIMEOUT, helm_arguments }
    }
}

/// How long a program that renders may run, in seconds, if nothing else is said.
const RENDER_TIMEOUT: NonZeroU16 = match NonZeroU16::new(60) {
    Some(seconds) => seconds,
    None => NonZeroU16::MIN,
};

impl PathArguments {
    /// What is read: what the command line names, else the default, else the current folder.
    pub(crate) fn or_default<'p>(&'p self, render: &RenderArguments, default: &'p [PathBuf]) -> Vec<&'p Path> {
        let named = if self.paths.is_empty() && !render.names_something() { default } else { &self.paths };
        match named {
            [] if !render.names_something() => vec![Path::new(".")],
            named => named.iter().map(PathBuf::as_path).collect(),
        }
    }
}

impl RenderArguments {
    /// Whether the command line names what is rendered.
    pub(crate) fn names_something(&self) -> bool {
        !self.kustomize.is_empty() || self.helm.is_some()
    }

    /// How long a program may run.
    pub(crate) fn time(&self) -> Duration {
        Duration::from_secs(self.render_timeout.get().into())
    }

    /// The namespace for which helm renders, if it is told one.
    ///
    /// Source: helm's `EnvSettings` and `pflag`: the last option counts, else the variable `HELM_NAMESPACE`.
    pub(crate) fn helm_namespace(&self) -> Option<String> {
        self.helm.as_ref()?;
        let mut arguments = self.helm_arguments.iter().map(|argument| argument.to_string_lossy());
        let mut found = std::env::var("HELM_NAMESPACE").ok();
        while let Some(argument) = arguments.next() {
            let long = argument.strip_prefix("--namespace");
            let short = argument.strip_prefix("-n").filter(|_| !argument.starts_with("--"));
            match (long, short) {
                (Some(""), _) | (_, Some("")) => found = arguments.next().map(Cow::into_owned),
                (Some(value), _) => found = value.strip_prefix('=').map(str::to_owned).or(found),
                (_, Some(value)) => found = Some(value.strip_prefix('=').unwrap_or(value).to_owned()),
                (None, None) => {}
            }
        }
        found.filter(|namespace| !namespace.is_empty())
    }
}

/// What the input is checked against.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Policy")]
pub(crate) struct PolicyArguments {
    /// A file with settings of the policy, or with manifests of Kubewarden policies, whose settings are used
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Vec<PathBuf>,
    /// The severities of rules that the settings do not mention
    #[arg(long, value_enum)]
    pub(crate) preset: Option<PresetName>,
    /// The namespace of objects without one
    #[arg(long, short, value_name = "NAME")]
    pub(crate) namespace: Option<String>,
    /// A file with objects of the cluster, from `kubectl get serviceaccounts -A -o yaml`
    #[arg(long, value_name = "FILE")]
    pub(crate) cluster_state: Vec<PathBuf>,
    /// The configuration; by default azwi-check.yaml in the current folder or the nearest one above it in the repository
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// The arguments of `check`.
#[derive(Debug, Default, Args)]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    pub(crate) input: PathArguments,
    #[command(flatten)]
    pub(crate) render: RenderArguments,
    #[command(flatten)]
    pub(crate) policy: PolicyArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

/// The arguments of `diff`.
#[derive(Debug, Args)]
pub(crate) struct DiffArguments {
    #[command(flatten)]
    pub(crate) input: PathArguments,
    #[command(flatten)]
    pub(crate) render: RenderArguments,
    #[command(flatten)]
    pub(crate) policy: PolicyArguments,
}

/// The arguments of `chain`.
#[derive(Debug, Args)]
pub(crate) struct ChainArguments {
    #[command(flatten)]
    pub(crate) input: PathArguments,
    #[command(flatten)]
    pub(crate) render: RenderArguments,
    /// The issuer of the tokens of the cluster, from `az aks show --query oidcIssuerProfile.issuerUrl`; by default, that of the one
    /// cluster in the files of `--azure`
    #[arg(long, value_name = "URL", help_heading = "Azure")]
    pub(crate) issuer: Option<String>,
    #[command(flatten)]
    pub(crate) azure: AzureArguments,
    #[command(flatten)]
    pub(crate) policy: PolicyArguments,
    /// The format of the chains on standard output
    #[arg(long, value_enum, help_heading = "Output", default_value_t = ChainFormat::Tree)]
    pub(crate) format: ChainFormat,
}

/// The arguments of `fix`.
#[derive(Debug, Args)]
pub(crate) struct FixArguments {
    #[command(flatten)]
    pub(crate) input: PathArguments,
    /// Print the changes as a diff that `patch -p1` takes, and change no file
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Also make the corrections that reports call suggestions; review them, since they may change what was meant
    #[arg(long)]
    pub(crate) unsafe_fixes: bool,
    #[command(flatten)]
    pub(crate) policy: PolicyArguments,
}

/// The arguments of `why`.
#[derive(Debug, Args)]
pub(crate) struct WhyArguments {
    /// A pod or a workload, named as for kubectl: `pod/web-7c9d8`, `deploy/web`. For a workload, its newest pod is explained
    #[arg(value_name = "KIND/NAME", value_parser = Target::parse)]
    pub(crate) target: Target,
    /// The namespace; by default, that of the context
    #[arg(long, short, value_name = "NAME", value_parser = namespace)]
    pub(crate) namespace: Option<String>,
    /// The context of kubectl; by default, the current one
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,
    #[command(flatten)]
    pub(crate) azure: AzureArguments,
}

/// What Azure has.
#[derive(Debug, Args)]
#[command(next_help_heading = "Azure")]
pub(crate) struct AzureArguments {
    /// A file with what Azure has: the output of az (`az identity federated-credential list`, `az ad app federated-credential list`, `az
    /// identity list`, `az ad app list`, `az aks show`, `az connectedk8s show`), of `az rest` or `terraform show -json`, an ARM template of
    /// `bicep build`, or objects of Azure Service Operator or Crossplane; may be repeated
    #[arg(long = "azure", value_name = "FILE")]
    given: Vec<PathBuf>,
    /// Deprecated: the same as `--azure`
    #[arg(long, value_name = "FILE")]
    federated_credentials: Vec<PathBuf>,
}

impl AzureArguments {
    /// The files.
    pub(crate) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.given.iter().chain(&self.federated_credentials)
    }
}

fn namespace(text: &str) -> Result<String, String> {
    if is_object_name(text) { Ok(text.to_owned()) } else { Err("it cannot be the name of a namespace".to_owned()) }
}

/// What is reported, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArguments {
    /// The format of the report on standard output
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
    /// Also write a report to a file
    #[arg(long, value_name = "FORMAT=FILE")]
    pub(crate) report: Vec<ReportFile>,
    /// Report only findings of this severity or higher
    #[arg(long, value_enum, value_name = "LEAST", default_value_t = Least::Note)]
    pub(crate) severity: Least,
    /// Exit with 1 for warnings as well
    #[arg(long)]
    pub(crate) deny_warnings: bool,
    /// Exit with 0 instead of 1 if something is denied; errors keep their code
    #[arg(long)]
    pub(crate) exit_zero: bool,
    /// Do not report the findings in this file, which --write-baseline wrote
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Write all findings to a file for --baseline, and report none
    #[arg(long, value_name = "FILE")]
    pub(crate) write_baseline: Option<PathBuf>,
}

impl Default for OutputArguments {
    fn default() -> Self {
        Self {
            format: Format::Human,
            report: Vec::new(),
            severity: Least::Note,
            deny_warnings: false,
            exit_zero: false,
            baseline: None,
            write_baseline: None,
        }
    }
}

/// How the program speaks to its user, whatever the command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Display")]
pub(crate) struct DisplayArguments {
    /// Colour the output; `auto`: on a terminal, unless NO_COLOR is set, or where CLICOLOR_FORCE is set
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Colour::Auto)]
    pub(crate) color: Colour,
    /// Print findings and errors, and nothing else
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Name each skipped file with the reason
    #[arg(long, short, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// Draw no progress bar
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
}

/// A file for a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReportFile {
    pub(crate) format: Format,
    pub(crate) file: PathBuf,
}

impl FromStr for ReportFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, file) = text.split_once('=').ok_or("expected FORMAT=FILE")?;
        if file.is_empty() {
            return Err("the name of the file is missing".to_owned());
        }
        let known = || Format::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        let names = || known().map(|value| value.get_name().to_owned()).collect::<Vec<_>>().join(", ");
        let format = Format::from_str(format, false).map_err(|_| format!("the format is one of {}", names()))?;
        Ok(Self { format, file: file.into() })
    }
}

/// A least severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum Least {
    Note,
    Warn,
    Deny,
}

impl From<Least> for Severity {
    fn from(least: Least) -> Self {
        match least {
            Least::Note => Self::Note,
            Least::Warn => Self::Warn,
            Least::Deny => Self::Deny,
        }
    }
}

/// The name of a preset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PresetName {
    /// The recommended severities
    Recommended,
    /// As recommended, except that a rule that recommends a warning denies
    Strict,
}

impl From<PresetName> for Preset {
    fn from(name: PresetName) -> Self {
        match name {
            PresetName::Recommended => Self::Recommended,
            PresetName::Strict => Self::Strict,
        }
    }
}

/// A format of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Excerpts of the files with the mistakes underlined
    Human,
    /// One JSON object, described by docs/azwi-check.schema.json
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML, for reports of tests
    Junit,
    /// Annotations of GitHub Actions
    Github,
    /// Annotations of Azure Pipelines
    AzurePipelines,
    /// Code quality report of GitLab
    Gitlab,
}

/// A format of chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ChainFormat {
    /// A tree for each chain, with the broken links marked
    Tree,
    /// A flowchart of Mermaid, for Markdown
    Mermaid,
    /// A graph of Graphviz
    Dot,
    /// One JSON object, described by docs/azwi-check-chain.schema.json
    Json,
}

/// A format of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// A table
    Human,
    /// A JSON array
    Json,
}

/// When the output is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum Colour {
    Auto,
    Always,
    Never,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        let command = <Arguments as clap::CommandFactory>::command();
        let names: Vec<_> = command.get_subcommands().map(clap::Command::get_name).collect();
        assert_eq!(names, COMMANDS);
        command.debug_assert();
    }

    #[test]
    fn the_documentation_names_all_commands_and_options() {
        let page = include_str!("../../docs/cli.md");
        let command = <Arguments as clap::CommandFactory>::command();
        for name in COMMANDS {
            assert!(page.contains(&format!("azwi-check {name}")), "{name}");
        }
        let options = command.get_subcommands().chain([&command]).flat_map(clap::Command::get_arguments);
        for option in options.filter_map(|option| option.get_long().filter(|name| !matches!(*name, "help" | "version")))
        {
            assert!(page.contains(&format!("--{option}")), "--{option}");
        }
    }

    #[test]
    fn options_of_all_commands_may_come_first() {
        for (typed, expected) in [
            ("azwi-check -q --color never rules --format json", "azwi-check rules -q --color never --format json"),
            (
                "azwi-check --color=never --no-progress --quiet man",
                "azwi-check man --color=never --no-progress --quiet",
            ),
            ("azwi-check -q deploy rules", "azwi-check -q deploy rules"),
            ("azwi-check --color", "azwi-check --color"),
            ("azwi-check", "azwi-check"),
        ] {
            let arguments = command_first(typed.split(' ').map(OsString::from).collect());
            assert_eq!(arguments.join(" ".as_ref()), OsString::from(expected));
        }
        let command = <DisplayArguments as Args>::augment_args(clap::Command::new(""));
        for option in command.get_arguments().filter_map(clap::Arg::get_long) {
            let arguments = ["azwi-check", &format!("--{option}"), "never", "rules"];
            let takes_value = option == "color";
            let arguments = arguments.iter().filter(|it| takes_value || **it != "never").map(OsString::from).collect();
            assert_eq!(command_first(arguments).get(1), Some(&OsString::from("rules")), "--{option}");
        }
    }

    #[test]
    fn the_namespace_of_helm_is_the_one_that_it_is_told() {
        for (typed, expected) in [
            ("shop -n a", Some("a")),
            ("-na", Some("a")),
            ("-n=a", Some("a")),
            ("--namespace a", Some("a")),
            ("--namespace=a --namespace b", Some("b")),
            ("shop --namespaced --no-hooks", None),
            ("-n", None),
        ] {
            let helm_arguments = typed.split(' ').map(OsString::from).collect();
            let render = RenderArguments { helm: Some("chart".into()), helm_arguments, ..RenderArguments::default() };
            assert_eq!(render.helm_namespace().as_deref(), expected, "{typed}");
        }
        assert_eq!(RenderArguments::default().helm_namespace(), None);
    }

    #[test]
    fn a_report_names_its_format_and_its_file() {
        let report = |text: &str| text.parse::<ReportFile>();
        let expected = ReportFile { format: Format::Sarif, file: "out/a=b.sarif".into() };
        assert_eq!(report("sarif=out/a=b.sarif"), Ok(expected));
        for wrong in ["sarif", "sarif=", "sarf=a"] {
            assert!(report(wrong).is_err(), "{wrong}");
        }
    }
}

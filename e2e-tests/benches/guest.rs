//! What the policy costs a policy server: `cargo bench -p e2e-tests`, with `-- --check` to fail when a bound is missed, and
//! `-- --compare MODULE` to measure another annotated module, an older one for instance, in the same run.
//!
//! A request is a fresh instance of the module and its call of `validate`, as in policy-server. The policy and a guest that
//! does nothing take turns, so that whatever else the machine does hits both; the bounds are on the ratio of their medians.
//!
//! A third column is the floor of any guest in Rust: the policy's own module, taking the same request in and answering at once.
//! What it costs more than the guest that does nothing is its stack, its heap and its constants, each a page or more of memory
//! that the operating system has to provide for every instance.

use std::{
    env, fs, io,
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use e2e_tests::{cluster::FakeCluster, guests, module::Module, policy::Policy, sized};
use launcher::exit_code;
use serde::Serialize;
use xtask::Workspace;

/// How long each case is measured.
const TIME_PER_CASE: Duration = Duration::from_secs(4);
/// Requests that are not counted, while caches fill.
const WARM_UP: usize = 50;

/// The largest module as it is published, in bytes, metadata included.
const MAX_MODULE_BYTES: usize = 275_000;

/// What is measured: the size of the request in bytes, whether its pod is labelled, and the largest ratio to the no-op guest.
const CASES: [(usize, bool, Option<f64>); 6] = [
    (1_200, true, Some(1.4)),
    (12_000, true, Some(2.2)),
    (100_000, true, None),
    (1_200, false, Some(1.2)),
    (12_000, false, None),
    (100_000, false, None),
];

/// Everything that was measured; times are in microseconds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    policy: ModuleReport,
    no_op: ModuleReport,
    compared: Option<ModuleReport>,
    cases: Vec<CaseReport>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ModuleReport {
    bytes: usize,
    compile_time: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CaseReport {
    request_bytes: usize,
    labelled: bool,
    requests: usize,
    host_calls: usize,
    policy: Percentiles,
    /// The policy's module where it answers at once.
    floor: Percentiles,
    no_op: Percentiles,
    /// The module that is compared.
    compared: Option<Percentiles>,
    /// Of the medians.
    ratio: f64,
    max_ratio: Option<f64>,
}

#[derive(Serialize)]
struct Percentiles {
    p50: f64,
    p99: f64,
}

fn main() -> ExitCode {
    exit_code(run())
}

fn run() -> Result<()> {
    let path = xtask::policy_under_test()?;
    let (policy, policy_report) = compile(&fs::read(&path)?)?;
    let (no_op, no_op_report) = compile(&guests::no_op()?)?;
    let compared = match compared_module() {
        Some(path) => Some(compile(&fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?)?),
        None => None,
    };
    let (compared, compared_report) = compared.unzip();
    let mut report =
        Report { policy: policy_report, no_op: no_op_report, compared: compared_report, cases: Vec::new() };
    for case in CASES {
        report.cases.push(measure(&policy, &no_op, compared.as_ref(), case)?);
    }

    print(&report)?;
    let file = Workspace::locate()?.target_directory().join("bench").join("guest.json");
    write(&file, &report).with_context(|| format!("cannot write {}", file.display()))?;
    writeln!(io::stdout(), "\n{}", file.display())?;

    let missed = missed_bounds(&report);
    for bound in &missed {
        writeln!(io::stdout(), "missed: {bound}")?;
    }
    let check = env::args().any(|argument| argument == "--check");
    ensure!(!check || missed.is_empty(), "{} of the bounds are missed", missed.len());
    Ok(())
}

/// The argument of `--compare`.
fn compared_module() -> Option<PathBuf> {
    let mut arguments = env::args_os().skip_while(|argument| argument != "--compare");
    arguments.nth(1).map(PathBuf::from)
}

fn compile(bytes: &[u8]) -> Result<(Module, ModuleReport)> {
    let start = Instant::now();
    let module = Module::compile(bytes)?;
    Ok((module, ModuleReport { bytes: bytes.len(), compile_time: microseconds(start.elapsed()) }))
}

fn measure(
    policy: &Module,
    no_op: &Module,
    compared: Option<&Module>,
    (size, labelled, max_ratio): (usize, bool, Option<f64>),
) -> Result<CaseReport> {
    let connected = |module| {
        let cluster = FakeCluster::with_objects([sized::service_account()])?;
        anyhow::Ok(Policy::new(module, sized::settings())?.connected_to(cluster))
    };
    let (policy, compared) = (connected(policy)?, compared.map(connected).transpose()?);
    let no_op = Policy::new(no_op, sized::settings())?;
    let request = sized::request(size, labelled)?;
    let payload = policy.payload(&request)?;

    let [mut policy_times, mut floor_times, mut no_op_times, mut compared_times] = [const { Vec::new() }; 4];
    let mut turn = || {
        // Each is measured behind the guest that does nothing, so that none pays for the memory that another one has used.
        policy_times.push(time(&policy, "validate", &payload)?);
        no_op_times.push(time(&no_op, "validate", &payload)?);
        floor_times.push(time(&policy, "protocol_version", &payload)?);
        time(&no_op, "validate", &payload)?;
        if let Some(compared) = &compared {
            compared_times.push(time(compared, "validate", &payload)?);
            time(&no_op, "validate", &payload)?;
        }
        anyhow::Ok(())
    };
    for _ in 0..WARM_UP {
        turn()?;
    }
    let start = Instant::now();
    while start.elapsed() < TIME_PER_CASE {
        turn()?;
    }

    let requests = policy_times.len() - WARM_UP;
    let [policy_percentiles, floor, no_op_percentiles] =
        [policy_times, floor_times, no_op_times].map(|mut times| percentiles(times.split_off(WARM_UP)));
    Ok(CaseReport {
        request_bytes: serde_json::to_vec(&request)?.len(),
        labelled,
        requests,
        host_calls: policy.validate(&request)?.host_calls.len(),
        ratio: policy_percentiles.p50 / no_op_percentiles.p50,
        policy: policy_percentiles,
        floor,
        no_op: no_op_percentiles,
        compared: compared.map(|_| percentiles(compared_times.split_off(WARM_UP))),
        max_ratio,
    })
}

fn time(policy: &Policy<'_>, function: &str, payload: &[u8]) -> Result<Duration> {
    let start = Instant::now();
    policy.instantiate()?.call(function, payload)?;
    Ok(start.elapsed())
}

fn percentiles(mut times: Vec<Duration>) -> Percentiles {
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().map_or(f64::NAN, microseconds);
    Percentiles { p50: at(50), p99: at(99) }
}

fn microseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

fn print(report: &Report) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let modules =
        [("policy", Some(&report.policy)), ("no-op", Some(&report.no_op)), ("compared", report.compared.as_ref())];
    for (name, module) in modules.into_iter().filter_map(|(name, module)| Some((name, module?))) {
        writeln!(out, "{name:<8} {:>7} bytes, compiled in {:.1} ms", module.bytes, module.compile_time / 1e3)?;
    }
    writeln!(
        out,
        "\n{:>9} {:<10} {:>8} {:>10} | {:>10} {:>10} | {:>10} {:>10} | {:>10} {:>10} | {:>6} {:>6}",
        "request",
        "pod",
        "requests",
        "host calls",
        "p50",
        "p99",
        "floor p50",
        "floor p99",
        "no-op p50",
        "no-op p99",
        "ratio",
        "bound"
    )?;
    for case in &report.cases {
        writeln!(
            out,
            "{:>7} B {:<10} {:>8} {:>10} | {:>7.1} us {:>7.1} us | {:>7.1} us {:>7.1} us | {:>7.1} us {:>7.1} us | {:>5.2}x {:>6}",
            case.request_bytes,
            if case.labelled { "labelled" } else { "unlabelled" },
            case.requests,
            case.host_calls,
            case.policy.p50,
            case.policy.p99,
            case.floor.p50,
            case.floor.p99,
            case.no_op.p50,
            case.no_op.p99,
            case.ratio,
            case.max_ratio.map(|bound| format!("{bound:.1}x")).unwrap_or_default(),
        )?;
        if let Some(compared) = &case.compared {
            let (Percentiles { p50, p99 }, factor) = (compared, case.policy.p50 / compared.p50);
            writeln!(out, "{:>43} | {p50:>7.1} us {p99:>7.1} us | the policy takes {factor:.2}x as long", "compared")?;
        }
    }
    Ok(())
}

fn missed_bounds(report: &Report) -> Vec<String> {
    let mut missed = Vec::new();
    if report.policy.bytes > MAX_MODULE_BYTES {
        missed.push(format!("the module has {} bytes, more than {MAX_MODULE_BYTES}", report.policy.bytes));
    }
    for case in &report.cases {
        let pod = if case.labelled { "a labelled" } else { "an unlabelled" };
        if let Some(bound) = case.max_ratio.filter(|bound| case.ratio > *bound) {
            let ratio = case.ratio;
            missed.push(format!(
                "{} bytes with {pod} pod take {ratio:.2} times as long as no-op, not {bound:.1}",
                case.request_bytes
            ));
        }
        if !case.labelled && case.host_calls > 0 {
            missed.push(format!(
                "{} bytes with {pod} pod make {} host calls, not 0",
                case.request_bytes, case.host_calls
            ));
        }
    }
    missed
}

fn write(file: &Path, report: &Report) -> Result<()> {
    fs::create_dir_all(file.parent().context("the path has no directory")?)?;
    Ok(fs::write(file, serde_json::to_vec_pretty(report)?)?)
}

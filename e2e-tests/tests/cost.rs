//! What a request costs the policy, in figures that no other load of the machine changes. All figures:
//! `cargo test -p e2e-tests --test cost -- --show-output`.

use std::{env, fs};

use e2e_tests::{callback::HostFunctions, cluster::FakeCluster, hostile::Metered, sized};

/// The size of a request in bytes, and the most instructions and page faults that it may take with the module as it is published. Faults
/// are those of the host too, of which kernels differ by one.
const BOUNDS: [(usize, u64, u64); 3] = [(1_200, 172_000, 6), (12_000, 750_000, 16), (100_000, 5_600_000, 94)];

/// The most bytes of the module as it is published, metadata included.
const MAX_BYTES: u64 = 292_000;

/// How many instructions and bytes more the module may take that is not optimised, in per cent.
const UNOPTIMISED: u64 = 9;

/// The first calls are not counted, which take what the host allocates once.
const CALLS: usize = 20;

#[test]
fn the_module_and_what_a_request_takes_of_it_are_within_their_bounds() {
    let path = xtask::policy_under_test().unwrap();
    let module = Metered::from_file(&path).unwrap();
    let cluster = FakeCluster::with_objects([sized::service_account()]).unwrap();
    let functions = HostFunctions::new(&["kubernetes/get_resource"], &[("v1", "ServiceAccount")], cluster).unwrap();
    let allowance = if env::var_os("POLICY_MODULE").is_some() { 100 } else { 100 + UNOPTIMISED };

    let mut exceeded = Vec::new();
    let bytes = fs::metadata(&path).unwrap().len();
    println!("the module has {bytes} bytes");
    if bytes > MAX_BYTES * allowance / 100 {
        exceeded.push(format!("the module has {bytes} bytes, more than {MAX_BYTES}"));
    }
    for (size, max_fuel, max_faults) in BOUNDS {
        let request = serde_json::to_string(&sized::request(size, true).unwrap()).unwrap();
        let payload = format!(r#"{{"request":{request},"settings":{}}}"#, sized::settings()).into_bytes();
        let fuel = module.validate(&payload, &functions).unwrap().fuel;
        // None but on Linux.
        let faults = (0..CALLS).filter_map(|_| module.page_faults(&payload, &functions).unwrap()).min().unwrap_or(0);
        println!("{size} bytes: {fuel} instructions, {faults} page faults");
        if fuel > max_fuel * allowance / 100 {
            exceeded.push(format!("{size} bytes take {fuel} instructions, more than {max_fuel}"));
        }
        if faults > max_faults {
            exceeded.push(format!("{size} bytes take {faults} page faults, more than {max_faults}"));
        }
    }
    assert!(exceeded.is_empty(), "{}", exceeded.join("\n"));
}

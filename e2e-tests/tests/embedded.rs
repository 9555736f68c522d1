//! The library in a WebAssembly module of somebody else's.

use std::fs;

use wasmtime_provider::wasmtime::{Engine, Instance, Module, Store};
use xtask::Workspace;

#[test]
fn the_library_links_into_a_module_that_imports_nothing_and_exports_only_its_own() {
    let path = Workspace::locate().unwrap().build_module("embedded").unwrap();
    let engine = Engine::default();
    let module = Module::new(&engine, fs::read(path).unwrap()).unwrap();

    assert_eq!(module.imports().map(|import| import.name()).collect::<Vec<_>>(), [""; 0]);
    let mut exports: Vec<_> = module.exports().map(|export| export.name()).collect();
    exports.sort_unstable();
    assert_eq!(exports, ["__data_end", "__heap_base", "count_findings", "memory", "reserve"]);

    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let reserve = instance.get_typed_func::<u32, u32>(&mut store, "reserve").unwrap();
    let count_findings = instance.get_typed_func::<(u32, u32), i32>(&mut store, "count_findings").unwrap();
    let memory = instance.get_memory(&mut store, "memory").unwrap();
    let mut findings_in = |text: &str| {
        let length = u32::try_from(text.len()).unwrap();
        let place = reserve.call(&mut store, length).unwrap();
        memory.write(&mut store, place as usize, text.as_bytes()).unwrap();
        count_findings.call(&mut store, (place, length)).unwrap()
    };
    let service_account = |label: &str| {
        format!(
            r#"{{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {{"annotations": {{"{label}": "x"}}}}}}"#
        )
    };
    assert_eq!(findings_in(&service_account("azure.workload.identity/client_id")), 1);
    assert_eq!(findings_in(&service_account("example.com/client-id")), 0);
    assert_eq!(findings_in("no JSON"), -1);
}

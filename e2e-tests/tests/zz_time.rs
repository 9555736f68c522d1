#![allow(warnings)]
use e2e_tests::{cluster::FakeCluster, module::Module, policy::Policy, request::AdmissionRequest};
use serde_json::{Value, json};
use std::{path::Path, time::{Duration, Instant}};
#[test]
fn time() {
    let files = ["/work/scratch/tmp-facts/thr100.wasm", "/work/scratch/facts/target/policy/annotated-policy.wasm"];
    let modules: Vec<_> = files.iter().map(|f| Module::from_file(Path::new(f)).unwrap()).collect();
    for (n, labelled) in [(1, true), (1, false), (60, true), (60, false), (500, true), (500, false)] {
        let env: Vec<_> = (0..n).map(|i| json!({"name": format!("VARIABLE_{i}"), "value": format!("https://service-{i}.example.com/a/b?c=d")})).collect();
        let containers: Vec<_> = (0..3).map(|i| json!({"name": format!("c{i}"), "image": "registry.example.com/web:1.2.3", "env": env, "resources": {"limits": {"cpu": "1"}}, "volumeMounts": [{"name": "cache", "mountPath": "/var/cache"}]})).collect();
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web", "azure.workload.identity/use": labelled.to_string()}}, "spec": {"serviceAccountName": "web", "containers": containers, "volumes": [{"name": "cache", "emptyDir": {}}]}});
        let request = AdmissionRequest::create(pod).unwrap();
        let size = serde_json::to_vec(&request).unwrap().len();
        let sa = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web", "namespace": "shop", "annotations": {"azure.workload.identity/client-id": "97335aad-fb4e-4a1f-b5bc-3463ea695687"}}});
        let policies: Vec<_> = modules.iter().map(|m| Policy::new(m, json!({"inject": {}})).unwrap().mutating(true).connected_to(FakeCluster::with_objects(vec![sa.clone()]).unwrap())).collect();
        let mut best = [Duration::from_secs(9); 2];
        for _ in 0..300 { for (i, p) in policies.iter().enumerate() {
            let t = Instant::now(); let r = p.validate(&request).unwrap(); let e = t.elapsed(); best[i] = best[i].min(e); } }
        println!("{size} {labelled} {best:?} {:.3}", best[1].as_secs_f64() / best[0].as_secs_f64());
    }
}

//! The waPC guest: the only place that knows the host.
//!
//! Instead of `wapc-guest` with its registry of functions: for each request there is a new instance of the module, and setting
//! the registry up took a third of the time that a request takes in all (`cargo bench -p e2e-tests`).
//!
//! Source of the protocol: wapc.io, and `wapc-guest` 1.2, `protocol.rs`.

use crate::{HostCluster, arena, validate, validate_settings};

/// The version of Kubewarden's own protocol over waPC. Source: kubewarden-policy-sdk 0.17, `metadata::ProtocolVersion`.
const PROTOCOL_VERSION: &[u8] = b"\"v1\"";

#[link(wasm_import_module = "wapc")]
#[allow(unsafe_code)] // foreign functions are
unsafe extern "C" {
    fn __guest_request(operation: *mut u8, request: *mut u8);
    fn __guest_response(response: *const u8, length: usize);
    fn __guest_error(error: *const u8, length: usize);
    fn __host_call(
        binding: *const u8,
        binding_length: usize,
        namespace: *const u8,
        namespace_length: usize,
        operation: *const u8,
        operation_length: usize,
        request: *const u8,
        request_length: usize,
    ) -> usize;
    fn __host_response(response: *mut u8);
    fn __host_response_len() -> usize;
    fn __host_error(error: *mut u8);
    fn __host_error_len() -> usize;
}

/// Called by the host for each function that it calls; returns 1 on success.
#[unsafe(no_mangle)]
#[allow(unsafe_code)] // the name is what waPC asks for
extern "C" fn __guest_call(operation_length: usize, request_length: usize) -> i32 {
    // SAFETY: nothing is allocated yet, and no static holds memory of an earlier call.
    unsafe { arena::begin_call() };
    let mut operation = vec![0; operation_length];
    let mut request = vec![0; request_length];
    // SAFETY: the host writes as many bytes as it has announced.
    unsafe { __guest_request(operation.as_mut_ptr(), request.as_mut_ptr()) };
    let answer = match operation.as_slice() {
        b"validate" => validate(&request, &HostCluster(call_host)),
        b"validate_settings" => validate_settings(&request),
        b"protocol_version" => PROTOCOL_VERSION.to_vec(),
        _ => {
            let error = "the policy has no function of this name";
            // SAFETY: the host reads the bytes before it returns.
            unsafe { __guest_error(error.as_ptr(), error.len()) };
            return 0;
        }
    };
    // SAFETY: as above.
    unsafe { __guest_response(answer.as_ptr(), answer.len()) };
    1
}

/// Calls a function of the host's namespace `kubernetes`.
#[allow(unsafe_code)] // foreign functions
fn call_host(operation: &str, request: &[u8]) -> Result<Vec<u8>, String> {
    let (binding, namespace) = ("kubewarden", "kubernetes");
    // SAFETY: the host reads the bytes before it returns.
    let success = unsafe {
        __host_call(
            binding.as_ptr(),
            binding.len(),
            namespace.as_ptr(),
            namespace.len(),
            operation.as_ptr(),
            operation.len(),
            request.as_ptr(),
            request.len(),
        )
    };
    if success == 1 {
        // SAFETY: the host writes as many bytes as it announces.
        let mut response = vec![0; unsafe { __host_response_len() }];
        unsafe { __host_response(response.as_mut_ptr()) };
        Ok(response)
    } else {
        // SAFETY: as above.
        let mut error = vec![0; unsafe { __host_error_len() }];
        unsafe { __host_error(error.as_mut_ptr()) };
        Err(String::from_utf8_lossy(&error).into_owned())
    }
}

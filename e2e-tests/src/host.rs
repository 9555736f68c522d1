//! One waPC guest instance: what is called in it, what it calls in the host, and how it fails.

use std::sync::{Arc, Mutex, PoisonError};

use wapc::{WapcHost, errors::Error};

use crate::{
    callback::{HostCall, HostFunctions},
    module::Module,
};

/// An instance of a guest. It lives for one request, as in policy-server: nothing that the guest keeps in its memory
/// survives.
pub struct Instance {
    host: WapcHost,
    calls: Arc<Mutex<Vec<HostCall>>>,
}

impl Instance {
    /// Instantiates `module` and runs its initialisation, which may trap or run past the deadline, in seconds.
    pub(crate) fn new(module: &Module, functions: Arc<HostFunctions>, deadline: u64) -> Result<Self, Error> {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&calls);
        let callback = move |_id: u64, binding: &str, namespace: &str, operation: &str, payload: &[u8]| {
            let answer = functions.call(binding, namespace, operation, payload);
            let call = HostCall::new(namespace, operation, payload, &answer);
            log.lock().unwrap_or_else(PoisonError::into_inner).push(call);
            answer.map_err(Into::into)
        };
        let host = WapcHost::new(Box::new(module.instantiate(deadline)?), Some(Box::new(callback)))?;
        Ok(Self { host, calls })
    }

    /// Calls a guest function, e.g. `validate`, and returns its answer.
    ///
    /// # Errors
    /// When the guest answers with an error, traps, has no such function or runs past the deadline.
    pub fn call(&self, function: &str, payload: &[u8]) -> Result<Vec<u8>, Error> {
        self.host.call(function, payload)
    }

    /// Every call that the guest has made to the host so far, oldest first.
    pub fn host_calls(&self) -> Vec<HostCall> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Whether a guest failed because it ran past its deadline. The provider has no typed error for that, only these texts for a
/// call and for the initialisation.
pub(crate) fn is_interruption(error: &Error) -> bool {
    let text = error.to_string();
    text.contains("guest code interrupted, execution deadline exceeded")
        || text.contains("init interrupted, execution deadline exceeded")
}

//! A waPC host that counts what a guest does: `wasmtime-provider` does not pass the counter of wasmtime on.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use wasmtime_provider::wasmtime::{
    Caller, Config, Engine, Extern, Instance, Linker, Memory, Module, Store, error::format_err,
};

use crate::callback::HostFunctions;
use crate::module::cache;

/// The most that a call may take before it is stopped.
const FUEL_LIMIT: u64 = 10_000_000_000;

/// A module that is compiled twice: with a counter of instructions, and as policy-server compiles it.
pub struct Metered {
    counted: Compiled,
    timed: Compiled,
}

/// What a call took.
#[derive(Clone, Debug)]
pub struct Usage {
    /// Executed instructions; those that copy or fill memory count once a byte. No other load of the machine changes it.
    pub fuel: u64,
    /// The size of the guest's memory in the end, in bytes.
    pub memory: usize,
    /// How often the guest called the host: each call may become a request to the API server.
    pub host_calls: usize,
    /// What the guest answered.
    pub answer: Vec<u8>,
}

struct Compiled {
    engine: Engine,
    module: Module,
}

/// One call: what goes in, and what comes out.
struct Call {
    request: Arc<[u8]>,
    functions: HostFunctions,
    host_calls: usize,
    host_answer: Result<Vec<u8>, String>,
    answer: Vec<u8>,
}

impl Metered {
    /// Compiles the module in the file at `path`, unless an earlier process has.
    ///
    /// # Errors
    /// When the file cannot be read or is no module.
    pub fn from_file(path: &Path) -> Result<Self> {
        Self::new(&fs::read(path).with_context(|| format!("cannot read {}", path.display()))?)
    }

    /// Compiles a module, unless an earlier process has.
    ///
    /// # Errors
    /// When it is no module.
    pub fn new(bytes: &[u8]) -> Result<Self> {
        Ok(Self { counted: Compiled::new(bytes, true)?, timed: Compiled::new(bytes, false)? })
    }

    /// Calls `validate` in a new instance, and counts.
    ///
    /// # Errors
    /// When the guest traps or answers with an error.
    pub fn validate(&self, payload: &[u8], functions: &HostFunctions) -> Result<Usage> {
        let mut store = self.counted.store(payload, functions);
        store.set_fuel(FUEL_LIMIT).map_err(|error| anyhow!("{error}"))?;
        let memory = self.counted.call(&mut store).map_err(|error| anyhow!("{error:#}"))?;
        let left = store.get_fuel().map_err(|error| anyhow!("{error}"))?;
        let memory = memory.data_size(&store);
        let Call { host_calls, answer, .. } = store.into_data();
        Ok(Usage { fuel: FUEL_LIMIT - left, memory, host_calls, answer })
    }

    /// The page faults of the same call in a new instance; `None` where the system does not count them. Each costs more than a
    /// microsecond.
    ///
    /// # Errors
    /// As [`Metered::validate`].
    pub fn page_faults(&self, payload: &[u8], functions: &HostFunctions) -> Result<Option<u64>> {
        let mut store = self.timed.store(payload, functions);
        let before = page_faults();
        self.timed.call(&mut store).map_err(|error| anyhow!("{error:#}"))?;
        Ok(before.zip(page_faults()).map(|(before, after)| after - before))
    }

    /// The processor time of the same call where nothing is counted.
    ///
    /// # Errors
    /// As [`Metered::validate`].
    pub fn time(&self, payload: &[u8], functions: &HostFunctions) -> Result<Duration> {
        let mut store = self.timed.store(payload, functions);
        let start = Clock::start();
        self.timed.call(&mut store).map_err(|error| anyhow!("{error:#}"))?;
        Ok(start.elapsed())
    }
}

/// How many pages the system has given to this thread so far; `None` where it does not tell it.
/// Source: the documentation of Linux, `proc_pid_stat`: the tenth field, of which the second ends with the last parenthesis.
fn page_faults() -> Option<u64> {
    let text = fs::read_to_string("/proc/thread-self/stat").ok()?;
    text.rsplit_once(')')?.1.split_whitespace().nth(7)?.parse().ok()
}

/// The processor time of this thread; where the system does not tell it, the time.
struct Clock {
    start: Instant,
    processor: Option<Duration>,
}

impl Clock {
    fn start() -> Self {
        Self { start: Instant::now(), processor: processor_time() }
    }

    fn elapsed(&self) -> Duration {
        match (self.processor, processor_time()) {
            (Some(start), Some(end)) => end.saturating_sub(start),
            _ => self.start.elapsed(),
        }
    }
}

/// Source: the documentation of Linux, `proc_pid_schedstat`.
fn processor_time() -> Option<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(text.split(' ').next()?.parse().ok()?))
}

/// What wasmtime fails with.
type WasmResult<T> = wasmtime_provider::wasmtime::Result<T>;

impl Compiled {
    fn new(bytes: &[u8], counts: bool) -> Result<Self> {
        let mut config = Config::new();
        config.consume_fuel(counts).cache(Some(cache()?));
        let engine = Engine::new(&config).map_err(|error| anyhow!("cannot set up the engine: {error}"))?;
        let module =
            Module::from_binary(&engine, bytes).map_err(|error| anyhow!("cannot compile the module: {error}"))?;
        Ok(Self { engine, module })
    }

    fn store(&self, request: &[u8], functions: &HostFunctions) -> Store<Call> {
        Store::new(
            &self.engine,
            Call {
                request: request.into(),
                functions: functions.clone(),
                host_calls: 0,
                host_answer: Ok(Vec::new()),
                answer: Vec::new(),
            },
        )
    }

    /// Calls `validate`, and returns the guest's memory.
    fn call(&self, store: &mut Store<Call>) -> WasmResult<Memory> {
        let instance = instantiate(&self.engine, &self.module, store)?;
        let call = instance.get_typed_func::<(u32, u32), u32>(&mut *store, "__guest_call")?;
        let operation = u32::try_from(OPERATION.len())?;
        let request = u32::try_from(store.data().request.len())?;
        let success = call.call(&mut *store, (operation, request))?;
        let memory = instance.get_memory(&mut *store, "memory").ok_or_else(|| format_err!("there is no memory"))?;
        if success == 1 {
            return Ok(memory);
        }
        Err(format_err!("the guest failed: {}", String::from_utf8_lossy(&store.data().answer)))
    }
}

const OPERATION: &[u8] = b"validate";

/// Source of the protocol: wapc.io.
fn instantiate(engine: &Engine, module: &Module, store: &mut Store<Call>) -> WasmResult<Instance> {
    const WAPC: &str = "wapc";
    let mut linker = Linker::<Call>::new(engine);
    linker.func_wrap(WAPC, "__guest_request", |mut caller: Caller<'_, Call>, operation: u32, request: u32| {
        let payload = Arc::clone(&caller.data().request);
        write(&mut caller, operation, OPERATION)?;
        write(&mut caller, request, &payload)
    })?;
    for name in ["__guest_response", "__guest_error"] {
        linker.func_wrap(WAPC, name, |mut caller: Caller<'_, Call>, start: u32, length: u32| {
            caller.data_mut().answer = read(&mut caller, start, length)?;
            WasmResult::Ok(())
        })?;
    }
    linker.func_wrap(
        WAPC,
        "__host_call",
        |mut caller: Caller<'_, Call>,
         binding: u32,
         binding_length: u32,
         namespace: u32,
         namespace_length: u32,
         operation: u32,
         operation_length: u32,
         request: u32,
         request_length: u32| {
            let mut text = |start, length| Ok(String::from_utf8(read(&mut caller, start, length)?)?);
            let names: WasmResult<Vec<_>> =
                [(binding, binding_length), (namespace, namespace_length), (operation, operation_length)]
                    .into_iter()
                    .map(|(start, length)| text(start, length))
                    .collect();
            let payload = read(&mut caller, request, request_length)?;
            let functions = &caller.data().functions;
            let answer = match names?.as_slice() {
                [binding, namespace, operation] => functions.call(binding, namespace, operation, &payload),
                _ => Err(String::new()),
            };
            let success = i32::from(answer.is_ok());
            caller.data_mut().host_answer = answer;
            caller.data_mut().host_calls += 1;
            WasmResult::Ok(success)
        },
    )?;
    linker.func_wrap(WAPC, "__host_response_len", |caller: Caller<'_, Call>| {
        WasmResult::Ok(u32::try_from(caller.data().answered().0.len())?)
    })?;
    linker.func_wrap(WAPC, "__host_error_len", |caller: Caller<'_, Call>| {
        WasmResult::Ok(u32::try_from(caller.data().answered().1.len())?)
    })?;
    linker.func_wrap(WAPC, "__host_response", |mut caller: Caller<'_, Call>, start: u32| {
        let bytes = caller.data().answered().0.to_vec();
        write(&mut caller, start, &bytes)
    })?;
    linker.func_wrap(WAPC, "__host_error", |mut caller: Caller<'_, Call>, start: u32| {
        let bytes = caller.data().answered().1.to_vec();
        write(&mut caller, start, &bytes)
    })?;
    linker.instantiate(store, module)
}

impl Call {
    /// The host's response and its error; one of the two is empty.
    fn answered(&self) -> (&[u8], &[u8]) {
        match &self.host_answer {
            Ok(response) => (response, &[]),
            Err(error) => (&[], error.as_bytes()),
        }
    }
}

fn memory_of(caller: &mut Caller<'_, Call>) -> WasmResult<Memory> {
    caller.get_export("memory").and_then(Extern::into_memory).ok_or_else(|| format_err!("there is no memory"))
}

fn write(caller: &mut Caller<'_, Call>, start: u32, bytes: &[u8]) -> WasmResult<()> {
    let memory = memory_of(caller)?;
    Ok(memory.write(caller, start as usize, bytes)?)
}

fn read(caller: &mut Caller<'_, Call>, start: u32, length: u32) -> WasmResult<Vec<u8>> {
    let memory = memory_of(caller)?;
    let mut bytes = vec![0; length as usize];
    memory.read(caller, start as usize, &mut bytes)?;
    Ok(bytes)
}

//! A compiled guest module, from which every request gets an instance of its own.

use std::{fs, path::Path, sync::OnceLock, thread, time::Duration};

use anyhow::{Context as _, Result, anyhow, bail};
use wasmtime_provider::{
    EpochDeadlines, WasmtimeEngineProvider, WasmtimeEngineProviderBuilder, WasmtimeEngineProviderPre,
    wasmtime::{Cache, CacheConfig, Config, Engine, EngineWeak},
};
use xtask::{
    Workspace,
    metadata::{Metadata, PROTOCOL_VERSION},
};

/// How often the clock that interrupts guests ticks.
const TICK: Duration = Duration::from_secs(1);
/// How many ticks an initialisation or a call may last, where a policy does not say it; policy-server's default. As a call may
/// start right before a tick, a guest has between one and two seconds.
pub(crate) const DEADLINE: u64 = 2;

/// An annotated guest, compiled once and ready to be instantiated in some ten microseconds.
#[derive(Clone)]
pub struct Module {
    pre: WasmtimeEngineProviderPre,
    metadata: Metadata,
}

impl Module {
    /// Compiles the annotated module in the file at `path`, unless an earlier process has: compiled code is kept in cargo's
    /// target directory.
    ///
    /// # Errors
    /// When the file cannot be read, and as [`Module::compile`].
    pub fn from_file(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut config = Config::new();
        config.cache(Some(cache()?));
        Self::compile_with(&mut config, &bytes).with_context(|| format!("in {}", path.display()))
    }

    /// Compiles an annotated module.
    ///
    /// # Errors
    /// When `bytes` is no WebAssembly module or imports what the host does not provide, and, with policy-server's words, when
    /// it carries no protocol version or another than v1.
    pub fn compile(bytes: &[u8]) -> Result<Self> {
        Self::compile_with(&mut Config::new(), bytes)
    }

    fn compile_with(config: &mut Config, bytes: &[u8]) -> Result<Self> {
        let metadata = accepted_metadata(bytes)?;
        let engine = Engine::new(config.epoch_interruption(true))
            .map_err(|error| anyhow!("cannot set up the WebAssembly engine: {error}"))?;
        let pre = WasmtimeEngineProviderBuilder::new().engine(engine.clone()).module_bytes(bytes).build_pre();
        let pre = pre.context("cannot compile the module")?;
        let clock = engine.weak();
        thread::Builder::new().name("epoch clock".to_owned()).spawn(move || tick(&clock))?;
        Ok(Self { pre, metadata })
    }

    /// What the module's own custom section says of it.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    pub(crate) fn instantiate(
        &self,
        deadline: u64,
    ) -> Result<WasmtimeEngineProvider, wasmtime_provider::errors::Error> {
        self.pre.rehydrate(Some(EpochDeadlines { wapc_init: deadline, wapc_func: deadline }))
    }
}

/// In an unoptimised build compiling takes seconds, and every process of tests needs the same module.
pub(crate) fn cache() -> Result<Cache> {
    static CACHE: OnceLock<Result<Cache, String>> = OnceLock::new();
    let open = || {
        let mut config = CacheConfig::new();
        config.with_directory(Workspace::locate()?.target_directory().join("compiled-modules"));
        Cache::new(config).map_err(|error| anyhow!("cannot set up the cache of compiled modules: {error}"))
    };
    let cache = CACHE.get_or_init(|| open().map_err(|error| format!("{error:#}")));
    cache.clone().map_err(|error| anyhow!("{error}"))
}

fn accepted_metadata(bytes: &[u8]) -> Result<Metadata> {
    const MISSING: &str = "Policy is missing protocol version, which is required for KubewardenWapc execution mode";
    let metadata = Metadata::of_module(bytes)?.context(MISSING)?;
    match metadata.protocol_version.as_deref() {
        Some(PROTOCOL_VERSION) => Ok(metadata),
        Some(other) => bail!("Policy uses protocol version {other} but only V1 is supported"),
        None => bail!(MISSING),
    }
}

/// Runs until the module is dropped.
fn tick(engine: &EngineWeak) {
    loop {
        thread::sleep(TICK);
        let Some(engine) = engine.upgrade() else { return };
        engine.increment_epoch();
    }
}

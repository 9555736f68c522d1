//! The identity that a process in each container really has: the client and tenant that it asks for, and the token that it
//! shows.
//!
//! [`Identity`](crate::identity::Identity) is what a pod asks for; here it meets what each container sets itself. Azure SDKs read
//! `AZURE_CLIENT_ID`, `AZURE_TENANT_ID`, `AZURE_FEDERATED_TOKEN_FILE` and `AZURE_AUTHORITY_HOST`; code may choose otherwise, which
//! cannot be seen here.

use std::borrow::Cow;

use crate::cluster::ServiceAccount;
use crate::environment::{Environment, InjectedVariable, Variable};
use crate::keys;
use crate::mounts::{InjectedToken, MountedFile, Mounts, Volumes};
use crate::pod::{Container, Pod};

/// What each container that takes part is going to get.
#[derive(Clone, Debug)]
pub struct Injection<'p> {
    /// The variables, unless a container has its own of that name.
    pub variables: Vec<InjectedVariable<'p>>,
    /// The token volume; `None` if a webhook adds it whose layout is not known.
    pub token: Option<InjectedToken<'p>>,
}

impl<'p> Injection<'p> {
    /// What this policy adds. `tenant_id` is the tenant of service accounts that name none; `service_account` is `None` if it
    /// could not be read.
    pub fn by_policy(
        service_account: Option<&'p ServiceAccount>,
        tenant_id: Option<&'p str>,
        authority_host: &'p str,
        token: InjectedToken<'p>,
    ) -> Self {
        let token_file = [token.mount_path, "/", token.token_path].concat();
        let mut injection = Self { variables: Vec::with_capacity(4), token: Some(token) };
        injection.add_ids(service_account, Some(tenant_id.unwrap_or_default()));
        injection.add(keys::ENV_TOKEN_FILE, Some(Cow::Owned(token_file)));
        injection.add(keys::ENV_AUTHORITY_HOST, Some(Cow::Borrowed(authority_host)));
        injection
    }

    /// What Microsoft's webhook is going to add: only the service account is known.
    pub fn by_webhook(service_account: Option<&'p ServiceAccount>) -> Self {
        let mut injection = Self { variables: Vec::with_capacity(4), token: None };
        injection.add_ids(service_account, None);
        injection.add(keys::ENV_TOKEN_FILE, None);
        injection.add(keys::ENV_AUTHORITY_HOST, None);
        injection
    }

    /// Adds the client and tenant. `default_tenant` is `None` if it is not known.
    fn add_ids(&mut self, service_account: Option<&'p ServiceAccount>, default_tenant: Option<&'p str>) {
        let client_id = service_account.map(|account| account.client_id.as_deref().unwrap_or_default());
        let tenant_id = service_account.and_then(|account| account.tenant_id.as_deref().or(default_tenant));
        self.add(keys::ENV_CLIENT_ID, client_id.map(Cow::Borrowed));
        self.add(keys::ENV_TENANT_ID, tenant_id.map(Cow::Borrowed));
    }

    /// Adds a variable; an empty one is not injected.
    #[inline(never)]
    fn add(&mut self, name: &'p str, value: Option<Cow<'p, str>>) {
        if value.as_deref() != Some("") {
            self.variables.push(InjectedVariable { name, value });
        }
    }
}

/// The identity of a process in one container.
#[derive(Debug)]
pub struct ContainerIdentity<'p> {
    /// The container.
    pub container: &'p Container<'p>,
    /// Whether injection concerns it.
    pub takes_part: bool,
    /// Its variables.
    pub environment: Environment<'p>,
    /// `AZURE_CLIENT_ID`. Together with the tenant it names the identity.
    pub client_id: Variable<'p>,
    /// `AZURE_TENANT_ID`.
    pub tenant_id: Variable<'p>,
    /// `AZURE_AUTHORITY_HOST`.
    pub authority_host: Variable<'p>,
    /// `AZURE_FEDERATED_TOKEN_FILE`.
    pub token_file: Variable<'p>,
    /// Whose token is in that file; `None` if the path is not known.
    pub token: Option<MountedFile<'p>>,
    /// Whether it can read a token for Azure at all, at that path or another.
    pub reaches_azure_token: bool,
    injected: Option<InjectedToken<'p>>,
}

impl<'p> ContainerIdentity<'p> {
    /// The identity of a container. `injection` is what it gets if it takes part; `volumes` are to be those after it. Without
    /// `injection` the answer is for the pod as it is.
    pub fn new(
        pod: &'p Pod<'p>,
        container: &'p Container<'p>,
        volumes: &Volumes<'p>,
        injection: Option<&'p Injection<'p>>,
        takes_part: bool,
    ) -> Self {
        let injection = injection.filter(|_| takes_part);
        let injected = injection.and_then(|injection| injection.token);
        let variables = injection.map(|injection| injection.variables.as_slice()).unwrap_or_default();
        let environment = Environment::new(pod, container, variables);
        let mounts = Mounts::new(volumes, container, injected);
        let token_file = environment.get(keys::ENV_TOKEN_FILE);
        Self {
            container,
            takes_part,
            environment,
            client_id: environment.get(keys::ENV_CLIENT_ID),
            tenant_id: environment.get(keys::ENV_TENANT_ID),
            authority_host: environment.get(keys::ENV_AUTHORITY_HOST),
            token: token_file.text().filter(|path| !path.is_empty()).map(|path| mounts.file(path)),
            token_file,
            reaches_azure_token: injection.is_some() || mounts.reaches_azure_token(),
            injected,
        }
    }

    /// The audience of the token in the token file, if that is known; empty for the token of the API server.
    pub fn audience(&self) -> Option<&str> {
        match &self.token {
            Some(MountedFile::Token { audience, .. }) => Some(audience),
            Some(MountedFile::ApiServerToken) => Some(""),
            Some(MountedFile::Unknown { .. } | MountedFile::Nothing(_)) | None => None,
        }
    }

    /// The volumes mounted in the container, with the one that injection adds.
    pub fn mounts<'v>(&self, volumes: &'v Volumes<'p>) -> Mounts<'v, 'p> {
        Mounts::new(volumes, self.container, self.injected)
    }
}

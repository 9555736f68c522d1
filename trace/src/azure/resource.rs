//! Resources of Azure by their type, whichever file tells of them. Every source writes the same members: flat as `az` does it, below
//! `properties` as ARM does it, or with the names of Terraform.
//!
//! Sources: the specifications of `Microsoft.ManagedIdentity` (2025-05-31-preview), `Microsoft.ContainerService` (2026-04-01) and
//! `Microsoft.Kubernetes` in github.com/Azure/azure-rest-api-specs; the resource types `federatedIdentityCredential` and `application` of
//! Microsoft Graph; the documentation of the providers azurerm (`parent_id` is `user_assigned_identity_id` since 4.65), azuread and
//! azapi.

use azure_workload_identity_lint::report::{FilePlace, ObjectName};

use super::Places;
use super::found::{AzureCluster, AzureIdentity, Credential, CredentialField, Found, arm_key, arm_part};
use super::node::{Content, Node};

/// What a resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResourceKind {
    Credential,
    ManagedIdentity,
    Application,
    /// An AKS cluster.
    Cluster,
    ArcCluster,
    IdentityBinding,
    /// It is known by this name, and nothing of it is used.
    Unused(&'static str),
}

/// A resource that is being read.
pub(super) struct Resource<'n, 'v> {
    pub(super) kind: ResourceKind,
    pub(super) node: &'n Node<'v>,
    /// Its name in Azure, or what stands for it.
    pub(super) name: String,
    /// Its id in Azure, if that is known.
    pub(super) id: Option<String>,
    /// What other resources call it.
    pub(super) keys: Vec<String>,
    /// What it calls the identity that it belongs to, and the name of that.
    pub(super) owners: Vec<String>,
    pub(super) identity: Option<String>,
    pub(super) place: FilePlace,
    /// What messages call its kind, and where its subject is.
    pub(super) kind_name: String,
    pub(super) subject_path: String,
    /// Why it may not come to be; the end of a sentence.
    pub(super) doubt: Option<&'static str>,
}

/// The types of ARM, without case.
const TYPES: [(&str, ResourceKind); 8] = [
    ("Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials", ResourceKind::Credential),
    ("Microsoft.ManagedIdentity/userAssignedIdentities", ResourceKind::ManagedIdentity),
    ("Microsoft.ContainerService/managedClusters", ResourceKind::Cluster),
    ("Microsoft.Kubernetes/connectedClusters", ResourceKind::ArcCluster),
    ("Microsoft.ContainerService/managedClusters/identityBindings", ResourceKind::IdentityBinding),
    ("Microsoft.Authorization/roleAssignments", ResourceKind::Unused("role assignment")),
    ("Microsoft.KeyVault/vaults", ResourceKind::Unused("key vault")),
    ("Microsoft.Resources/resourceGroups", ResourceKind::Unused("resource group")),
];

impl ResourceKind {
    /// The kind of an ARM type, which may end with `@` and a version.
    pub(super) fn of_type(name: &str) -> Option<Self> {
        let name = name.split('@').next().unwrap_or_default();
        TYPES.iter().find(|row| row.0.eq_ignore_ascii_case(name)).map(|row| row.1)
    }
}

impl Node<'_> {
    /// The members of a resource, wherever they are.
    pub(super) fn properties(&self) -> &Self {
        self.field("properties").unwrap_or(self)
    }
}

impl Found {
    /// Adds a resource.
    pub(super) fn add(&mut self, text: &Places<'_>, resource: Resource<'_, '_>) {
        let properties = resource.node.properties();
        match resource.kind {
            ResourceKind::Credential => {
                let credential = self.credential(text, properties, resource);
                self.credentials.push(credential);
                self.has_credentials = true;
            }
            ResourceKind::ManagedIdentity | ResourceKind::Application => {
                let is_application = resource.kind == ResourceKind::Application;
                // `application_id` is that of the application in azuread 2, and an id in Azure in other resources.
                let client_ids: &[&str] =
                    if is_application { &["appId", "client_id", "application_id"] } else { &["clientId", "client_id"] };
                let identity = AzureIdentity {
                    resource_group: resource_group(&resource),
                    keys: resource.keys,
                    name: resource.name,
                    client_id: self.text(text, properties, client_ids),
                    tenant_id: self.text(text, properties, &["tenantId", "tenant_id"]),
                    is_application,
                };
                self.identities.push(identity);
            }
            ResourceKind::Cluster | ResourceKind::ArcCluster => {
                let cluster = self.cluster(text, properties, resource);
                self.clusters.push(cluster);
            }
            ResourceKind::IdentityBinding => {
                self.add_unused("identity binding");
                // It tells the ids of its identity.
                if let Some(identity) = properties.field("managedIdentity")
                    && let Some(id) = self.text(text, identity, &["resourceId"])
                {
                    let identity = AzureIdentity {
                        keys: vec![arm_key(&id)],
                        name: arm_part(&id, "userAssignedIdentities").unwrap_or_default().to_owned(),
                        resource_group: arm_part(&id, "resourceGroups").map(String::from),
                        client_id: self.text(text, identity, &["clientId"]),
                        tenant_id: self.text(text, identity, &["tenantId"]),
                        is_application: false,
                    };
                    self.identities.push(identity);
                }
            }
            ResourceKind::Unused(name) => self.add_unused(name),
        }
    }

    fn credential(&mut self, text: &Places<'_>, node: &Node<'_>, resource: Resource<'_, '_>) -> Credential {
        let doubt = resource.doubt.map(|why| CredentialField::Unknown(why.to_owned(), resource.place.clone()));
        let issuer = self.claim(text, node, &["issuer"]);
        let expression = node.any(&["claimsMatchingExpression", "claims_matching_expression"]);
        let subject = match expression {
            Some(expression) if node.field("subject").is_none() => {
                CredentialField::Unknown("is matched by an expression".to_owned(), text.of(expression.origin))
            }
            _ => self.claim(text, node, &["subject"]),
        };
        let audiences = match node.any(&["audiences", "audience"]) {
            Some(Node { content: Content::List(elements), .. }) => {
                elements.iter().map(|element| self.claim_of(text, element, "audience")).collect()
            }
            // That of a flexible credential is no list.
            _ => vec![self.claim(text, node, &["audiences", "audience"])],
        };
        Credential {
            object: ObjectName { kind: resource.kind_name, name: resource.name, ..ObjectName::default() },
            place: resource.place,
            issuer: doubt.unwrap_or(issuer),
            subject,
            audiences,
            owners: resource.owners,
            identity: resource.identity,
            subject_path: resource.subject_path,
        }
    }

    fn cluster(&mut self, text: &Places<'_>, node: &Node<'_>, resource: Resource<'_, '_>) -> AzureCluster {
        let profile = node.field("oidcIssuerProfile");
        let own = profile.and_then(|profile| self.text(text, profile, &["selfHostedIssuerUrl"]));
        let issuer = own
            .or_else(|| self.text(text, profile?, &["issuerUrl", "issuerURL"]))
            .or_else(|| self.text(text, node, &["oidc_issuer_url"]));
        let flag = |found: &mut Self, holder: Option<&Node<'_>>, key: &str| found.flag(text, holder?, key);
        let has_issuer = flag(self, profile, "enabled").or_else(|| flag(self, Some(node), "oidc_issuer_enabled"));
        let workload_identity = node.at(&["securityProfile", "workloadIdentity"]);
        let has_workload_identity = flag(self, workload_identity, "enabled")
            .or_else(|| flag(self, Some(node), "workload_identity_enabled"))
            // Where it never was enabled, az prints no profile beside that of the issuer.
            .or_else(|| {
                (profile.is_some() && workload_identity.is_none() && has_issuer == Some(false)).then_some(false)
            });
        AzureCluster {
            resource_group: resource_group(&resource),
            name: resource.name,
            place: resource.place,
            is_arc: resource.kind == ResourceKind::ArcCluster,
            issuer: issuer.filter(|_| has_issuer != Some(false)),
            has_issuer,
            has_workload_identity,
        }
    }

    /// A claim of a credential.
    fn claim(&mut self, text: &Places<'_>, holder: &Node<'_>, keys: &[&str]) -> CredentialField {
        match (holder.any(keys), &holder.content) {
            (Some(node), _) => self.claim_of(text, node, keys.first().unwrap_or(&"")),
            (None, Content::Unknown(why)) => CredentialField::Unknown((*why).to_owned(), text.of(holder.origin)),
            (None, _) => CredentialField::Unknown("is not set".to_owned(), text.of(holder.origin)),
        }
    }

    fn claim_of(&mut self, text: &Places<'_>, node: &Node<'_>, name: &str) -> CredentialField {
        let place = text.of(node.origin);
        match &node.content {
            Content::Text(value) => CredentialField::Known(value.clone(), place),
            Content::Unknown(why) => CredentialField::Unknown((*why).to_owned(), place),
            _ => {
                self.fault(text, node, name, "a text");
                CredentialField::Unknown(format!("is {} and no text", node.kind()), place)
            }
        }
    }

    /// The text of a member, unless it is empty or not known.
    fn text(&mut self, text: &Places<'_>, holder: &Node<'_>, keys: &[&str]) -> Option<String> {
        let (key, node) = keys.iter().find_map(|key| Some((key, holder.field(key)?)))?;
        if !matches!(node.content, Content::Text(_) | Content::Unknown(_)) {
            self.fault(text, node, key, "a text");
        }
        node.text().map(String::from)
    }

    fn flag(&mut self, text: &Places<'_>, holder: &Node<'_>, key: &str) -> Option<bool> {
        let node = holder.field(key)?;
        match node.content {
            Content::Bool(flag) => Some(flag),
            Content::Unknown(_) => None,
            _ => {
                self.fault(text, node, key, "a boolean");
                None
            }
        }
    }

    fn fault(&mut self, text: &Places<'_>, node: &Node<'_>, key: &str, wanted: &str) {
        self.faults.push((text.of(node.origin), format!("{key} is {}; it requires {wanted}", node.kind())));
    }

    /// Notes a resource that is known and not used.
    pub(super) fn add_unused(&mut self, name: &'static str) {
        *self.unused.entry(name).or_default() += 1;
    }

    /// Notes an element of no kind that is known.
    pub(super) fn add_strange(&mut self, place: impl FnOnce() -> FilePlace) {
        match &mut self.strange {
            Some((count, _)) => *count += 1,
            None => self.strange = Some((1, place())),
        }
    }
}

fn resource_group(resource: &Resource<'_, '_>) -> Option<String> {
    let of_id = || resource.id.as_deref().and_then(|id| arm_part(id, "resourceGroups")).map(String::from);
    resource.node.text_of(&["resourceGroup", "resource_group_name"]).or_else(of_id)
}

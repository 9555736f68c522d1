//! Federated credentials as objects: which issuer, subject and audience an Azure identity trusts.
//!
//! Azure Service Operator and Crossplane create the credential in Azure from such an object. It is one view of all their kinds; the
//! rules and the tools that follow a token to its credential read nothing else of them.
//!
//! Sources: `v2/api/managedidentity/*/federated_identity_credential_types_gen.go` of github.com/Azure/azure-service-operator;
//! `package/crds/*_federatedidentitycredentials.yaml` of github.com/crossplane-contrib/provider-upjet-azure and
//! github.com/crossplane-contrib/provider-upjet-azuread.

use std::borrow::Cow;

use crate::formats::is_object_name;
use crate::json::{Kind, Reading, Value};

/// The kind, in each of the groups.
const KIND: &str = "FederatedIdentityCredential";

/// The API groups: their name, the member of `spec` that holds the credential (empty for `spec` itself), and the name of its list of
/// audiences.
const GROUPS: [(&str, &str, &str); 5] = [
    ("managedidentity.azure.com", "", "audiences"),
    ("managedidentity.azure.upbound.io", "forProvider", "audience"),
    ("managedidentity.azure.m.upbound.io", "forProvider", "audience"),
    ("applications.azuread.upbound.io", "forProvider", "audiences"),
    ("applications.azuread.m.upbound.io", "forProvider", "audiences"),
];

/// What the subject of a service account's token begins with. Source: `k8s.io/apiserver/pkg/authentication/serviceaccount`.
pub const SUBJECT_PREFIX: &str = "system:serviceaccount:";

/// A federated credential. What the object does not say is absent: it comes from elsewhere, or cannot be known.
#[derive(Clone, Debug)]
pub struct FederatedCredential<'a> {
    /// The URL of the issuer that is trusted.
    pub issuer: Option<Claim<'a>>,
    /// Whose tokens are trusted.
    pub subject: Option<Claim<'a>>,
    /// The audiences that a token may have. Entra ID accepts a list of one.
    pub audiences: Option<Audiences<'a>>,
    /// The objects that hold the three, the one that takes precedence first.
    holders: [Option<Value<'a>>; 2],
    /// The name of the list of audiences.
    list: &'static str,
}

/// A text of a credential.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim<'a> {
    /// Where it is.
    pub value: Value<'a>,
    /// The text, which may hold a variable that is still to be filled in.
    pub text: Cow<'a, str>,
}

/// The audiences of a credential.
#[derive(Clone, Debug, PartialEq)]
pub struct Audiences<'a> {
    /// Where the list is.
    pub list: Value<'a>,
    /// Its elements.
    pub claims: Vec<Claim<'a>>,
}

impl<'a> FederatedCredential<'a> {
    /// Whether objects of this kind are federated credentials.
    pub fn is_kind(group: &str, kind: &str) -> bool {
        kind == KIND && GROUPS.iter().any(|known| known.0 == group)
    }

    /// Reads an object of one of the kinds.
    pub fn read(object: Value<'a>, group: &str, reading: &mut Reading<'a>) -> Self {
        let (_, holder, list) = GROUPS.into_iter().find(|known| known.0 == group).unwrap_or_default();
        let spec = reading.member(Some(object), "spec", Kind::Object);
        let holders = match holder {
            "" => [spec, None],
            // What is in `initProvider` alone counts when the credential is created.
            _ => [holder, "initProvider"].map(|key| reading.member(spec, key, Kind::Object)),
        };
        let find = |key| find(&holders, key);
        let issuer = find("issuer").and_then(|value| Claim::read(value, reading));
        let subject = find("subject").and_then(|value| Claim::read(value, reading));
        let audiences = find(list).and_then(|list| {
            let list = reading.expect(list, Kind::Array)?;
            let claims = list.elements().filter_map(|value| Claim::read(value, reading)).collect();
            Some(Audiences { list, claims })
        });
        Self { issuer, subject, audiences, holders, list }
    }

    /// The places of issuer, subject and audiences in an object of any of the kinds, each present or not.
    pub(crate) fn places(object: Value<'a>) -> impl Iterator<Item = Option<Value<'a>>> {
        let spec = object.field("spec");
        let holders = [spec, find(&[spec, None], "forProvider"), find(&[spec, None], "initProvider")];
        let keys = ["issuer", "subject", "audience", "audiences"];
        holders.into_iter().flat_map(move |holder| keys.map(|key| find(&[holder, None], key)))
    }

    /// What names the issuer in its place: a reference to a `ConfigMap`.
    pub fn issuer_source(&self) -> Option<Value<'a>> {
        self.source(&["issuerFromConfig"])
    }

    /// What names the subject in its place: a reference to a `ConfigMap`, or an expression that tokens have to match.
    pub fn subject_source(&self) -> Option<Value<'a>> {
        self.source(&["subjectFromConfig", "claimsMatchingExpression"])
    }

    /// What has to have a list of audiences and has none, and the name of the list. Every operator requires it.
    pub fn without_audiences(&self) -> Option<(Value<'a>, &'static str)> {
        let holder = self.holders.into_iter().flatten().next()?;
        find(&self.holders, self.list).is_none().then_some((holder, self.list))
    }

    fn source(&self, keys: &[&str]) -> Option<Value<'a>> {
        self.holders.iter().flatten().find_map(|holder| keys.iter().find_map(|key| holder.field(key)))
    }
}

impl<'a> Claim<'a> {
    /// A text; `None` if the value cannot be one, which `reading` then holds against it.
    #[inline(never)]
    fn read(value: Value<'a>, reading: &mut Reading<'a>) -> Option<Self> {
        let text = reading.text(value);
        (!matches!(value.kind(), Kind::Array | Kind::Object)).then_some(Self { value, text })
    }
}

/// The member of the first object that has it.
#[inline(never)]
fn find<'a>(holders: &[Option<Value<'a>>; 2], key: &str) -> Option<Value<'a>> {
    holders.iter().find_map(|holder| holder.as_ref()?.field(key))
}

/// The namespace and name of the service account that a subject names.
pub fn service_account_of(subject: &str) -> Option<(&str, &str)> {
    let (namespace, name) = subject.strip_prefix(SUBJECT_PREFIX)?.split_once(':')?;
    let is_valid = is_object_name(name) && is_object_name(namespace) && !namespace.contains('.');
    is_valid.then_some((namespace, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;

    fn with_credential<T>(
        text: &str,
        group: &str,
        check: impl FnOnce(&FederatedCredential<'_>, &Reading<'_>) -> T,
    ) -> T {
        let document = Document::parse(text.as_bytes()).unwrap();
        let mut reading = Reading::default();
        let credential = FederatedCredential::read(document.root(), group, &mut reading);
        check(&credential, &reading)
    }

    fn texts(credential: &FederatedCredential<'_>) -> Vec<String> {
        let audiences = credential.audiences.iter().flat_map(|audiences| &audiences.claims);
        credential
            .issuer
            .iter()
            .chain(&credential.subject)
            .chain(audiences)
            .map(|claim| claim.text.to_string())
            .collect()
    }

    #[test]
    fn every_kind_is_read_where_it_holds_the_credential() {
        for (group, holder, list) in GROUPS {
            let members = format!(r#""issuer": "i", "subject": "s", "{list}": ["a", "b"]"#);
            let spec = if holder.is_empty() { members } else { format!(r#""{holder}": {{{members}}}"#) };
            let text = format!(r#"{{"spec": {{{spec}}}}}"#);
            with_credential(&text, group, |credential, reading| {
                assert_eq!(texts(credential), ["i", "s", "a", "b"], "{group}");
                assert!(reading.mismatches().is_empty());
            });
            assert!(FederatedCredential::is_kind(group, KIND));
        }
        assert!(!FederatedCredential::is_kind("managedidentity.azure.com", "UserAssignedIdentity"));
        assert!(!FederatedCredential::is_kind("example.com", KIND));
    }

    #[test]
    fn what_is_set_at_creation_only_counts_where_nothing_else_is_set() {
        let text =
            r#"{"spec": {"forProvider": {"subject": "s"}, "initProvider": {"issuer": "i", "subject": "other"}}}"#;
        with_credential(text, "managedidentity.azure.upbound.io", |credential, _| {
            assert_eq!(texts(credential), ["i", "s"]);
            assert!(credential.without_audiences().is_some_and(|(_, list)| list == "audience"));
        });
    }

    #[test]
    fn what_comes_from_elsewhere_is_named() {
        let text =
            r#"{"spec": {"issuerFromConfig": {"name": "n", "key": "k"}, "subjectFromConfig": {}, "audiences": []}}"#;
        with_credential(text, "managedidentity.azure.com", |credential, _| {
            assert!(credential.issuer.is_none() && credential.subject.is_none());
            assert!(credential.issuer_source().is_some() && credential.subject_source().is_some());
            assert!(credential.audiences.as_ref().is_some_and(|audiences| audiences.claims.is_empty()));
        });
        with_credential(r#"{"spec": {}}"#, "managedidentity.azure.com", |credential, _| {
            assert!(credential.issuer_source().is_none() && credential.subject_source().is_none());
        });
    }

    #[test]
    fn values_of_the_wrong_type_are_collected() {
        let text = r#"{"spec": {"issuer": ["i"], "subject": 1, "audiences": "a"}}"#;
        with_credential(text, "managedidentity.azure.com", |credential, reading| {
            assert_eq!(texts(credential), ["1"]);
            assert!(credential.without_audiences().is_none());
            assert_eq!(reading.mismatches().len(), 3);
        });
    }

    #[test]
    fn a_subject_names_a_service_account_in_one_form() {
        assert_eq!(service_account_of("system:serviceaccount:shop:web.v1"), Some(("shop", "web.v1")));
        for subject in [
            "",
            "system:serviceaccount:shop",
            "system:serviceaccount:shop:",
            "system:serviceaccount::web",
            "system:serviceaccount:shop:web:extra",
            "system:serviceaccount:shop/web",
            "system:serviceaccounts:shop:web",
            "system:serviceaccount:shop:Web",
            "system:serviceaccount:shop.eu:web",
            "system:serviceaccount:shop: web",
            "system:serviceaccount:*:web",
            "System:ServiceAccount:shop:web",
        ] {
            assert_eq!(service_account_of(subject), None, "{subject}");
        }
    }
}

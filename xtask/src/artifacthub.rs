//! Generates the package for [Artifact Hub](https://artifacthub.io): `artifacthub/artifacthub-pkg.yml`, in the format of
//! `kwctl scaffold artifacthub`, and the README next to it.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::Serialize;

use crate::metadata::{Metadata, OCI_URL_ANNOTATION, SOURCE_ANNOTATION, TITLE_ANNOTATION, VERSION_ANNOTATION};

/// The package file's path inside the repository.
pub const FILE: &str = "artifacthub/artifacthub-pkg.yml";
/// The file that names the owners of the packages. It is not generated.
pub const OWNERS_FILE: &str = "artifacthub/artifacthub-repo.yml";
/// The file name of the module in a GitHub release. The module is annotated: policy-server rejects a module without metadata.
pub const RELEASED_MODULE: &str = "annotated-policy.wasm";

const HEADER: &str = "# Written by `cargo xtask docs` from policy-metadata/; changes here are lost.\n";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Package<'a> {
    version: &'a str,
    name: &'a str,
    display_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
    description: &'a str,
    license: &'a str,
    #[serde(rename = "homeURL")]
    home_url: &'a str,
    containers_images: Vec<Image>,
    keywords: Vec<&'a str>,
    links: Vec<Link>,
    install: String,
    maintainers: Vec<Maintainer<'a>>,
    provider: Provider,
    recommendations: Vec<Recommendation>,
    annotations: BTreeMap<&'a str, String>,
}

#[derive(Serialize)]
struct Image {
    name: &'static str,
    image: String,
}

#[derive(Serialize)]
struct Link {
    name: &'static str,
    url: String,
}

#[derive(Debug, PartialEq, Serialize)]
struct Maintainer<'a> {
    name: &'a str,
    email: &'a str,
}

#[derive(Serialize)]
struct Provider {
    name: &'static str,
}

#[derive(Serialize)]
struct Recommendation {
    url: &'static str,
}

/// Returns the package file. `released` is the release date of the version in the changelog. Without it, the file has no
/// `createdAt`, which Artifact Hub requires.
///
/// # Errors
/// If an annotation is missing from the metadata, or is not in the format that Artifact Hub accepts.
pub fn package(metadata: &Metadata, released: Option<Date>, questions: &str) -> Result<String> {
    let annotation = |name| metadata.annotation(name);
    let version = annotation(VERSION_ANNOTATION)?;
    let image = format!("{}:v{version}", annotation(OCI_URL_ANNOTATION)?);
    let source = annotation(SOURCE_ANNOTATION)?;
    let module = format!("{source}/releases/download/v{version}/{RELEASED_MODULE}");
    let package = Package {
        version,
        name: annotation(TITLE_ANNOTATION)?,
        display_name: annotation("io.artifacthub.displayName")?,
        created_at: released.map(|date| TimeZone::UTC.to_timestamp(date.into())).transpose()?,
        description: annotation("io.kubewarden.policy.description")?,
        license: annotation("io.kubewarden.policy.license")?,
        home_url: annotation("io.kubewarden.policy.url")?,
        install: install(source, &image, version),
        containers_images: vec![Image { name: "policy", image }],
        keywords: list(annotation("io.artifacthub.keywords")?)?,
        links: vec![Link { name: "policy", url: module }, Link { name: "source", url: source.to_owned() }],
        maintainers: maintainers(annotation("io.kubewarden.policy.author")?)?,
        provider: Provider { name: "kubewarden" },
        recommendations: vec![Recommendation {
            url: "https://artifacthub.io/packages/helm/kubewarden/kubewarden-controller",
        }],
        annotations: BTreeMap::from([
            ("kubewarden/mutation", metadata.mutating.to_string()),
            ("kubewarden/contextAwareResources", yaml(&metadata.context_aware_resources)?),
            ("kubewarden/rules", yaml(&metadata.rules)?),
            ("kubewarden/questions-ui", questions.to_owned()),
            ("kubewarden/resources", annotation("io.artifacthub.resources")?.to_owned()),
        ]),
    };
    Ok(format!("{HEADER}{}", yaml(&package)?))
}

/// Returns the README for Artifact Hub, where links that are relative to the repository would be broken.
pub fn readme(text: &str, source: &str, version: &str) -> String {
    let is_relative = |link: &str| !link.starts_with("https://") && !link.starts_with('#');
    let mut parts = text.split("](");
    let mut readme = parts.next().unwrap_or_default().to_owned();
    for link in parts {
        let is_image = readme.rfind('[').is_some_and(|start| readme.get(..start).is_some_and(|it| it.ends_with('!')));
        readme.push_str("](");
        if is_relative(link) {
            // A page shows a file, and only the file itself is an image.
            let kind = if is_image { "raw" } else { "blob" };
            readme.push_str(&[source, "/", kind, "/v", version, "/"].concat());
        }
        readme.push_str(link);
    }
    readme
}

fn install(source: &str, image: &str, version: &str) -> String {
    format!(
        "\
Install a recipe with `kubectl apply -k`: `guard-aks` next to Microsoft's webhook on AKS, `replace-webhook` in its place on other
clusters, or `audit-only` to see the findings first.
```console
kubectl apply -k \"{source}//deploy/guard-aks?ref=v{version}\"
```
To scaffold your own policy, run the following commands. The policy looks up service accounts. It therefore must be a
ClusterAdmissionPolicy with `--allow-context-aware`, and requires the RBAC permissions of
[deploy/rbac]({source}/blob/v{version}/deploy/rbac/rbac.yaml):
```console
kwctl pull registry://{image}
kwctl scaffold manifest -t ClusterAdmissionPolicy --allow-context-aware registry://{image}
```
"
    )
}

/// The elements of a list that are separated by commas.
fn list(text: &str) -> Result<Vec<&str>> {
    let elements: Vec<&str> = text.split(',').map(str::trim).collect();
    ensure!(elements.iter().all(|element| !element.is_empty()), "an element of {text:?} is empty");
    Ok(elements)
}

/// The maintainers in a list of `NAME <EMAIL>` that are separated by commas.
fn maintainers(text: &str) -> Result<Vec<Maintainer<'_>>> {
    list(text)?
        .into_iter()
        .map(|text| {
            let parts = text.strip_suffix('>').and_then(|text| text.split_once(" <"));
            let parts = parts.filter(|(_, email)| email.contains('@'));
            let (name, email) = parts.with_context(|| format!("{text:?} must be NAME <EMAIL>"))?;
            Ok(Maintainer { name, email })
        })
        .collect()
}

fn yaml<T: Serialize>(value: &T) -> Result<String> {
    yaml_serde::to_string(value).context("cannot write it as YAML")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_links_of_the_readme_lead_to_the_release() {
        let text = "[a](docs/a.md#b), [c](https://example.com) and [d](#e) ![f](g.svg)";

        assert_eq!(
            readme(text, "https://example.com/policy", "1.2.3"),
            "[a](https://example.com/policy/blob/v1.2.3/docs/a.md#b), [c](https://example.com) and [d](#e) \
             ![f](https://example.com/policy/raw/v1.2.3/g.svg)"
        );
    }

    #[test]
    fn a_package_is_created_on_the_day_of_its_release() {
        let metadata = yaml_serde::from_str(include_str!("../../policy-metadata/metadata.yml")).unwrap();

        let released = package(&metadata, Some(Date::constant(2026, 12, 24)), "").unwrap();
        let unreleased = package(&metadata, None, "").unwrap();

        assert!(released.contains("\ncreatedAt: 2026-12-24T00:00:00Z\n"), "{released}");
        assert!(!unreleased.contains("createdAt"), "{unreleased}");
    }

    #[test]
    fn maintainers_have_a_name_and_an_address() {
        assert_eq!(
            maintainers("One <one@example.com>, Two More <two@example.com>").unwrap(),
            [
                Maintainer { name: "One", email: "one@example.com" },
                Maintainer { name: "Two More", email: "two@example.com" }
            ]
        );
        for text in ["", "One", "one@example.com", "One <one>", "One <one@example.com>,"] {
            assert!(maintainers(text).is_err(), "{text:?}");
        }
    }
}

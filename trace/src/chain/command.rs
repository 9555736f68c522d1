//! Commands that create what is missing, for a shell.

use std::borrow::Cow;

use azure_workload_identity_policy::json;

/// What a credential is to trust.
pub(crate) struct Trusted<'w> {
    /// The namespace of the service account.
    pub(crate) namespace: &'w str,
    /// Its name.
    pub(crate) account: &'w str,
    /// The issuer, if it is known.
    pub(crate) issuer: Option<&'w str>,
    /// The subject.
    pub(crate) subject: &'w str,
    /// The audience.
    pub(crate) audience: &'w str,
}

/// The identity that is to trust it.
pub(crate) enum Owner<'o> {
    /// An application with this client id.
    Application(&'o str),
    /// A managed identity, as far as its name and resource group are known.
    Identity { name: Option<&'o str>, resource_group: Option<&'o str> },
}

/// The longest name that is made: Azure allows 120 characters, and a number may follow.
const NAME_LENGTH: usize = 110;

/// The command that creates a credential. Words in capitals stand for what is not known. `is_taken` says whether some credential has a
/// name: `az` would overwrite one of the same identity.
pub(crate) fn create(wanted: &Trusted<'_>, owner: &Owner<'_>, is_taken: &dyn Fn(&str) -> bool) -> String {
    let name = [wanted.namespace, "-", wanted.account].concat();
    let name: String = name.chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '-' }).collect();
    let name: String = name.trim_start_matches('-').chars().take(NAME_LENGTH).collect();
    let numbered = (2..100).map(|number| format!("{name}-{number}"));
    let name = std::iter::once(name.clone()).chain(numbered).find(|name| !is_taken(name)).unwrap_or(name);
    let issuer = wanted.issuer.unwrap_or("ISSUER_URL");
    match owner {
        Owner::Application(client_id) => {
            let member = |key: &str, text: &str| format!("{}:{}", json::text(key), json::text(text));
            let audiences = format!("{}:[{}]", json::text("audiences"), json::text(wanted.audience));
            let members =
                [member("name", &name), member("issuer", issuer), member("subject", wanted.subject), audiences];
            let parameters = format!("{{{}}}", members.join(","));
            let (id, parameters) = (quoted(client_id), quoted(&parameters));
            format!("az ad app federated-credential create --id {id} --parameters {parameters}")
        }
        Owner::Identity { name: identity, resource_group } => {
            let options = [
                ("--name", name.as_str()),
                ("--identity-name", identity.unwrap_or("IDENTITY_NAME")),
                ("--resource-group", resource_group.unwrap_or("RESOURCE_GROUP")),
                ("--issuer", issuer),
                ("--subject", wanted.subject),
                ("--audiences", wanted.audience),
            ];
            let options = options.map(|(option, value)| format!("{option} {}", quoted(value)));
            format!("az identity federated-credential create {}", options.join(" "))
        }
    }
}

/// A word as a POSIX shell reads it.
pub(crate) fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: Trusted<'_> = Trusted {
        namespace: "shop",
        account: "api",
        issuer: Some("https://issuer.example/"),
        subject: "system:serviceaccount:shop:api",
        audience: "api://AzureADTokenExchange",
    };

    #[test]
    fn what_is_known_is_filled_in() {
        let owner = Owner::Identity { name: Some("it's"), resource_group: None };
        assert_eq!(
            create(&WANTED, &owner, &|_| false),
            r"az identity federated-credential create --name shop-api --identity-name 'it'\''s' --resource-group RESOURCE_GROUP --issuer https://issuer.example/ --subject system:serviceaccount:shop:api --audiences api://AzureADTokenExchange"
        );
        assert!(create(&Trusted { issuer: None, ..WANTED }, &owner, &|_| false).contains("--issuer ISSUER_URL "));
    }

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let owner = Owner::Identity { name: None, resource_group: None };
        let command = create(&WANTED, &owner, &|name| ["shop-api", "shop-api-2"].contains(&name));
        assert!(command.contains("--name shop-api-3 "), "{command}");
    }

    #[test]
    fn applications_take_json() {
        assert_eq!(
            create(&WANTED, &Owner::Application("id"), &|_| false),
            r#"az ad app federated-credential create --id id --parameters '{"name":"shop-api","issuer":"https://issuer.example/","subject":"system:serviceaccount:shop:api","audiences":["api://AzureADTokenExchange"]}'"#
        );
    }

    #[test]
    fn a_shell_reads_each_word_as_one() {
        for word in ["$(rm -rf ~)", "a b", "`x`", "", "a'b", "a\"b", "a;b", "a\nb", "é"] {
            let script = format!("printf %s {}", quoted(word));
            let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), word);
        }
    }
}

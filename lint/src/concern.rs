//! Which objects have to do with workload identity at all: more than use an identity, so that a report can say that none does.

use azure_workload_identity_policy::json::{Kind, Value};
use azure_workload_identity_policy::keys;
use azure_workload_identity_policy::pod::STORAGE_DRIVERS;
use azure_workload_identity_policy::settings::Settings;

use crate::consumers::find;
use crate::identities;
use crate::report::ObjectName;

/// Whether an object has to do with workload identity, besides those that consumers read: it has a label or annotation of it,
/// anywhere; it is of a kind that makes identities; or it has a token for Azure or a volume with a client id.
pub(crate) fn concerns_identity(object: Value<'_>, name: &ObjectName, settings: &[Settings<'_>]) -> bool {
    let group = name.group();
    let raw = object.raw();
    raw.contains(keys::PREFIX)
        || identities::is_identity(group, &name.kind)
        || (raw.contains(AUDIENCE) && any(object, &|value| has_audience(value, settings)))
        || (STORAGE_DRIVERS.iter().any(|driver| raw.contains(driver)) && any(object, &has_client_id))
}

/// The member of a projected token with its audience.
const AUDIENCE: &str = "audience";

fn has_audience(value: Value<'_>, settings: &[Settings<'_>]) -> bool {
    let audience = value.field(AUDIENCE).and_then(Value::as_str);
    audience.is_some_and(|audience| settings.iter().any(|settings| settings.is_azure_audience(&audience)))
}

/// Whether a value is a volume of a driver that takes a client id, and has one.
fn has_client_id(value: Value<'_>) -> bool {
    let driver = value.field("driver").and_then(Value::as_str);
    let mut attributes = find(value, "volumeAttributes").into_iter().flat_map(Value::fields);
    driver.is_some_and(|driver| STORAGE_DRIVERS.contains(&&*driver))
        && attributes.any(|(name, value)| {
            name.eq_ignore_ascii_case("clientID") && value.as_str().is_some_and(|text| !text.is_empty())
        })
}

/// Whether a condition is true of a mapping in a value, or of the value. JSON is not nested without a limit.
fn any(value: Value<'_>, condition: &dyn Fn(Value<'_>) -> bool) -> bool {
    match value.kind() {
        Kind::Object => condition(value) || value.fields().any(|(_, member)| any(member, condition)),
        Kind::Array => value.elements().any(|element| any(element, condition)),
        _ => false,
    }
}

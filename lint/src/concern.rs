//! Which objects have to do with workload identity at all: more than use an identity, so that a report can say that none does.

use azure_workload_identity_policy::json::{Kind, Value};
use azure_workload_identity_policy::keys;
use azure_workload_identity_policy::pod::STORAGE_DRIVERS;
use azure_workload_identity_policy::settings::Settings;

use crate::consumers::{Consumer, Test, find};
use crate::identities;
use crate::report::ObjectName;

/// Whether an object has to do with workload identity: it has a label or annotation of it, anywhere; it is of a kind that uses
/// identities, and does, or makes them; or it has a token for Azure or a volume with a client id.
pub(crate) fn concerns_identity(object: Value<'_>, name: &ObjectName, settings: &[Settings<'_>]) -> bool {
    let group = name.api_version.split_once('/').map_or("", |(group, _)| group);
    let raw = object.raw();
    raw.contains(keys::PREFIX)
        || Consumer::of(group, &name.kind).is_some_and(|consumer| !consumer.parts_of(object).is_empty())
        || identities::is_kind(group, &name.kind)
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
    Test::Is(STORAGE_DRIVERS).holds(value.field("driver"))
        && Test::IsSet.holds(find(value, "volumeAttributes.clientID"))
}

/// Whether a condition is true of a mapping in a value, or of the value. JSON is not nested without a limit.
fn any(value: Value<'_>, condition: &dyn Fn(Value<'_>) -> bool) -> bool {
    match value.kind() {
        Kind::Object => condition(value) || value.fields().any(|(_, member)| any(member, condition)),
        Kind::Array => value.elements().any(|element| any(element, condition)),
        _ => false,
    }
}

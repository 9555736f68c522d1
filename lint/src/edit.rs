use crate::{place::Written, report::TextEdit};
use azure_workload_identity_policy::json::Changes;
pub(crate) fn text_edits(_: &Written<'_>, _: &Changes) -> Option<Vec<TextEdit>> {
    None
}

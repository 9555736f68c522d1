//! The admission review: what somebody asks the API server to store.
//!
//! Source: `k8s.io/api/admission/v1`, `AdmissionRequest`, as Kubewarden's host passes it on: members without a value are
//! left out.

use std::borrow::Cow;

use crate::json::{Kind, TypeMismatch, Value};

/// The part of an admission request that this policy looks at.
#[derive(Debug)]
pub struct Review<'a> {
    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
    pub operation: Cow<'a, str>,
    /// API group of the object; empty for the core group.
    pub group: Cow<'a, str>,
    /// API version of the object, without its group.
    pub version: Cow<'a, str>,
    /// Kind of the object.
    pub kind: Cow<'a, str>,
    /// The subresource asked for, `status` for one; empty for the object itself.
    pub subresource: Cow<'a, str>,
    /// The namespace of the request, if there is one.
    pub namespace: Option<Cow<'a, str>>,
    /// The object as it is to be stored; absent on `DELETE`.
    pub object: Option<Value<'a>>,
    /// The object as it is stored; absent on `CREATE`.
    pub old_object: Option<Value<'a>>,
}

impl<'a> Review<'a> {
    /// Reads the request of an admission review.
    pub fn read(request: Value<'a>) -> Result<Self, TypeMismatch<'a>> {
        let request = request.expect_kind(Kind::Object)?;
        let kind = request.typed_field("kind", Kind::Object)?;
        let of_kind = |key| kind.map_or(Ok(None), |kind| kind.string_field(key)).map(Option::unwrap_or_default);
        Ok(Self {
            operation: request.string_field("operation")?.unwrap_or_default(),
            group: of_kind("group")?,
            version: of_kind("version")?,
            kind: of_kind("kind")?,
            subresource: request.string_field("subResource")?.unwrap_or_default(),
            namespace: request.string_field("namespace")?.filter(|namespace| !namespace.is_empty()),
            object: request.typed_field("object", Kind::Object)?,
            old_object: request.typed_field("oldObject", Kind::Object)?,
        })
    }
}

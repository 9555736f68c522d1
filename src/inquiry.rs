//! The object that is examined: that of an admission review, or one in a file.
//!
//! Source of the review: `k8s.io/api/admission/v1`, `AdmissionRequest`, as Kubewarden's host passes it on: members without a value
//! are left out.

use std::borrow::Cow;

use crate::json::{Kind, Reading, Value};

/// An object and what is asked about it.
#[derive(Debug)]
pub struct Inquiry<'a> {
    /// What is done with the object.
    pub operation: Operation,
    /// API group of the object; empty for the core group.
    pub group: Cow<'a, str>,
    /// API version of the object, without its group.
    pub version: Cow<'a, str>,
    /// Kind of the object.
    pub kind: Cow<'a, str>,
    /// The subresource asked for, `status` for one; empty for the object itself.
    pub subresource: Cow<'a, str>,
    /// The namespace of the request; that of the object if the request has none.
    pub namespace: Option<Cow<'a, str>>,
    /// The object as it is to be stored; absent on `DELETE`.
    pub object: Option<Value<'a>>,
    /// The object as it is stored; absent on `CREATE`.
    pub old_object: Option<Value<'a>>,
    /// Where the object comes from.
    pub origin: ObjectOrigin,
    /// The values of the wrong type that were met so far.
    pub reading: Reading<'a>,
}

/// What is done with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// It is created.
    Create,
    /// It is changed.
    Update,
    /// It is deleted, connected to, or something else that stores nothing.
    Other,
}

/// Where an object comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectOrigin {
    /// It is about to be stored by an API server.
    Admission,
    /// It is in a file. It may still be completed: `${CLIENT_ID}` is fine there.
    File,
}

impl<'a> Inquiry<'a> {
    /// Reads the request of an admission review.
    pub fn of_review(request: Value<'a>) -> Self {
        let mut reading = Reading::default();
        let request = reading.expect(request, Kind::Object);
        let kind = reading.member(request, "kind", Kind::Object);
        let operation = match reading.string(request, "operation").as_ref() {
            "CREATE" => Operation::Create,
            "UPDATE" => Operation::Update,
            _ => Operation::Other,
        };
        let (group, version) = (reading.string(kind, "group"), reading.string(kind, "version"));
        let (kind, subresource) = (reading.string(kind, "kind"), reading.string(request, "subResource"));
        let namespace = Some(reading.string(request, "namespace")).filter(|namespace| !namespace.is_empty());
        let object = reading.member(request, "object", Kind::Object);
        let old_object = reading.member(request, "oldObject", Kind::Object);
        let origin = ObjectOrigin::Admission;
        Self { operation, group, version, kind, subresource, namespace, object, old_object, origin, reading }
            .with_own_namespace()
    }

    /// Reads an object in a file, as if it were created.
    pub fn of_object(object: Value<'a>) -> Self {
        let mut reading = Reading::default();
        let object = reading.expect(object, Kind::Object);
        let api_version = reading.string(object, "apiVersion");
        let (group, version) = match api_version.split_once('/') {
            Some((group, version)) => (Cow::Owned(group.to_owned()), Cow::Owned(version.to_owned())),
            None => (Cow::Borrowed(""), api_version),
        };
        Self {
            operation: Operation::Create,
            group,
            version,
            kind: reading.string(object, "kind"),
            subresource: Cow::Borrowed(""),
            namespace: None,
            object,
            old_object: None,
            origin: ObjectOrigin::File,
            reading,
        }
        .with_own_namespace()
    }

    /// Whether the object is about to be stored by an API server.
    pub fn is_admission(&self) -> bool {
        self.origin == ObjectOrigin::Admission
    }

    /// The namespace of the object, `default` if neither request nor object name one.
    pub fn namespace_or_default(&self) -> Cow<'a, str> {
        self.namespace.clone().unwrap_or(Cow::Borrowed("default"))
    }

    fn with_own_namespace(mut self) -> Self {
        let metadata = self.object.and_then(|object| object.field("metadata"));
        let namespace = self.reading.string(metadata, "namespace");
        if self.namespace.is_none() {
            self.namespace = Some(namespace).filter(|namespace| !namespace.is_empty());
        }
        self
    }
}

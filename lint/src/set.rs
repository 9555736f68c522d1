//! The files together: the set is the cluster.

use azure_workload_identity_policy::json::Value;

use crate::access::{Grant, may_use_identity};
use crate::accounts::{Account, Accounts, ObjectPlace};
use crate::file::{Fact, File, Object, Part};
use crate::kustomization::{Kustomized, Taken};
use crate::partial;

/// All files, with what objects need to know of each other.
#[derive(Debug)]
pub struct Set<'f> {
    /// The files.
    pub files: &'f [File],
    /// All objects that matter, in the order of the files.
    pub objects: Vec<ObjectAt<'f>>,
    /// The number of the first object of each file.
    firsts: Vec<usize>,
    places: Vec<ObjectPlace<'f>>,
    accounts: Accounts<'f>,
    /// The service accounts of a cluster, which count where no file has one.
    state: Accounts<'f>,
    has_state: bool,
    grants: Vec<&'f Grant>,
    /// What kustomizations do to the files.
    kustomized: Kustomized,
}

/// Where an object is.
#[derive(Debug)]
pub struct ObjectAt<'f> {
    /// The number of its file.
    pub file: usize,
    /// Its document.
    pub part: &'f Part,
    /// The object.
    pub object: &'f Object,
}

impl<'f> Set<'f> {
    /// Puts files together. `state` are objects of a cluster, in which all service accounts are, if there are any.
    pub fn new(files: &'f [File], state: &'f [File]) -> Self {
        let places: Vec<_> =
            files.iter().enumerate().map(|(number, file)| ObjectPlace::new(&file.source.name, number)).collect();
        let mut set = Self {
            files,
            objects: Vec::new(),
            firsts: Vec::with_capacity(files.len()),
            places,
            accounts: Accounts::default(),
            state: Accounts::default(),
            has_state: !state.is_empty(),
            grants: Vec::new(),
            kustomized: Kustomized::new(files),
        };
        for (number, file) in files.iter().enumerate() {
            set.firsts.push(set.objects.len());
            for part in &file.parts {
                for object in &part.objects {
                    let position = Some(set.objects.len());
                    set.objects.push(ObjectAt { file: number, part, object });
                    set.add_fact(object, number, position);
                }
            }
        }
        for object in state.iter().flat_map(|file| &file.parts).flat_map(|part| &part.objects) {
            set.add_fact(object, usize::MAX, None);
        }
        (set.accounts, set.state) = (set.accounts.finish(), set.state.finish());
        set
    }

    fn add_fact(&mut self, object: &'f Object, file: usize, position: Option<usize>) {
        match &object.fact {
            Fact::None => {}
            Fact::Account(account) => {
                let name = &object.name;
                let place = self.places.get(file).cloned().unwrap_or_else(|| ObjectPlace::new("", file));
                let accounts = if position.is_some() { &mut self.accounts } else { &mut self.state };
                accounts.add(name.namespace.as_deref(), &name.name, place, Account { object: position, account });
            }
            Fact::Grant(grant) => self.grants.push(grant),
        }
    }

    /// The documents of a file with objects that matter: the number of the first object, the file, and the document.
    pub fn parts_of(&self, file: usize) -> impl Iterator<Item = (usize, &'f File, &'f Part)> {
        let mut position = self.firsts.get(file).copied().unwrap_or_default();
        let file = self.files.get(file);
        file.into_iter().flat_map(|file| file.parts.iter().map(move |part| (file, part))).map(move |(file, part)| {
            let first = position;
            position += part.objects.len();
            (first, file, part)
        })
    }

    /// An object, and where its file is.
    pub fn object(&self, position: usize) -> Option<(&ObjectPlace<'f>, &'f Object)> {
        let at = self.objects.get(position)?;
        Some((self.places.get(at.file)?, at.object))
    }

    /// Where a file is.
    pub fn place_of(&self, file: usize) -> Option<&ObjectPlace<'f>> {
        self.places.get(file)
    }

    /// The service account that an object means.
    pub fn account(&self, place: &ObjectPlace<'f>, namespace: Option<&str>, name: &str) -> Option<Account<'f>> {
        self.accounts.nearest(place, namespace, name).or_else(|| self.state.nearest(place, namespace, name))
    }

    /// Whether a service account that is not found does not exist.
    pub fn knows_all_accounts(&self) -> bool {
        self.has_state
    }

    /// What kustomizations among the files may add to or change in the objects of a file; `None` if nothing does.
    pub fn taken(&self, file: usize) -> Option<&Taken> {
        self.kustomized.taken(file)
    }

    /// Whether a kustomization applies a file to other objects.
    pub fn is_patch(&self, place: &ObjectPlace<'_>) -> bool {
        self.kustomized.is_patch(place.file())
    }

    /// Whether an object in a file is a part of one: a patch, because a kustomization says so or by what it holds.
    pub fn is_partial(&self, place: &ObjectPlace<'_>, group: &str, kind: &str, value: Value<'_>) -> bool {
        self.is_patch(place) || partial::is_partial(group, kind, value)
    }

    /// Whether the RBAC objects let a service account use an identity.
    pub fn may_use_identity(&self, namespace: &str, account: &str, client_id: &str) -> bool {
        may_use_identity(&self.grants, namespace, account, client_id)
    }
}

//! The service accounts of all files, and which of them a pod means.
//!
//! Repositories hold the same objects several times, one folder for each environment, and often name no namespace. The service account
//! of a pod is the nearest one: in the same file, else in the same folder, else in the folder with the longest common path.

use std::collections::HashMap;

use azure_workload_identity_policy::cluster::ServiceAccount;

/// A service account among the files.
#[derive(Clone, Copy, Debug)]
pub struct Account<'f> {
    /// The number of its object in the set; `None` if it is known from the state of a cluster.
    pub object: Option<usize>,
    /// Its annotations.
    pub account: &'f ServiceAccount,
}

/// The service accounts of all files, or other objects that are found in the same way.
#[derive(Debug)]
pub struct Accounts<'f, T = Account<'f>> {
    /// By name, then by namespace, in the order of their places. Those that name no namespace have `None`.
    by_name: HashMap<&'f str, ByNamespace<'f, T>>,
}

#[derive(Debug)]
struct ByNamespace<'f, T> {
    namespaces: HashMap<Option<&'f str>, Vec<(ObjectPlace<'f>, T)>>,
    /// Of all namespaces.
    all: Vec<(ObjectPlace<'f>, T)>,
}

impl<T> Default for Accounts<'_, T> {
    fn default() -> Self {
        Self { by_name: HashMap::new() }
    }
}

impl<T> Default for ByNamespace<'_, T> {
    fn default() -> Self {
        Self { namespaces: HashMap::new(), all: Vec::new() }
    }
}

/// Where an object is: what is near sorts near.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectPlace<'f> {
    folders: Vec<&'f str>,
    file: usize,
}

impl<'f> ObjectPlace<'f> {
    /// The place of a file, by the path that it is shown with and its number.
    pub fn new(path: &'f str, file: usize) -> Self {
        let folders = path.rsplit_once('/').map(|(folder, _)| folder.split('/').filter(|it| *it != ".").collect());
        Self { folders: folders.unwrap_or_default(), file }
    }

    /// The number of the file.
    pub fn file(&self) -> usize {
        self.file
    }

    /// How near another place is; more is nearer.
    pub(crate) fn nearness(&self, other: &Self) -> (bool, usize) {
        let common = self.folders.iter().zip(&other.folders).take_while(|(one, other)| one == other).count();
        (self.file == other.file, common)
    }
}

impl<'f, T: Copy> Accounts<'f, T> {
    /// Adds a service account. Accounts of one name are added in the order of their places.
    pub fn add(&mut self, namespace: Option<&'f str>, name: &'f str, place: ObjectPlace<'f>, account: T) {
        let of_name = self.by_name.entry(name).or_default();
        of_name.namespaces.entry(namespace).or_default().push((place.clone(), account));
        of_name.all.push((place, account));
    }

    /// Sorts what was added.
    #[must_use]
    pub fn finish(mut self) -> Self {
        for of_name in self.by_name.values_mut() {
            let lists = of_name.namespaces.values_mut().chain([&mut of_name.all]);
            lists.for_each(|list| list.sort_by(|(one, _), (other, _)| one.cmp(other)));
        }
        self
    }

    /// The service account that an object in a file means. An object without a namespace may be in any; so may a service account.
    pub fn nearest(&self, place: &ObjectPlace<'f>, namespace: Option<&str>, name: &str) -> Option<T> {
        let of_name = self.by_name.get(name)?;
        let Some(namespace) = namespace else { return nearest(&of_name.all, place).map(|(_, account)| account) };
        let in_namespace = |namespace| nearest(of_name.namespaces.get(&namespace)?, place);
        match (in_namespace(Some(namespace)), in_namespace(None)) {
            (Some((near, named)), Some((other, unnamed))) => Some(if other > near { unnamed } else { named }),
            (named, unnamed) => named.or(unnamed).map(|(_, account)| account),
        }
    }
}

/// The nearest of a sorted list, the first one of several, and how near it is.
fn nearest<'f, T: Copy>(list: &[(ObjectPlace<'f>, T)], place: &ObjectPlace<'f>) -> Option<((bool, usize), T)> {
    let after = list.partition_point(|(other, _)| other < place);
    let neighbours = [after.checked_sub(1), Some(after)].into_iter().flatten().filter_map(|at| list.get(at));
    let near = neighbours.map(|(other, _)| place.nearness(other)).max()?;
    // Those that are as near are together; what is in the common folder itself comes first.
    let start = list.partition_point(|(other, _)| other < place && place.nearness(other) < near);
    list.get(start..)?.iter().find(|(other, _)| place.nearness(other) == near).map(|(_, account)| (near, *account))
}

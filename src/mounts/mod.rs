//! What a container finds at a path: which volume is mounted there, and whose token a file is.
//!
//! A container runtime mounts parents before children and, at the same path, in the order of the list; a mount hides what is
//! below its path. Source: containerd, `internal/cri/opts`, `orderedMounts`. The pod alone says which files are in a projected
//! volume; what is in a Secret, a disk or an image cannot be known here.
//!
//! The model answers for the pod as it is or, given an [`InjectedToken`], as injection will make it.

mod path;
mod volumes;

use std::borrow::Cow;

use crate::json::Value;
use crate::order;
use crate::pod::{Container, VolumeMount};

use path::{CleanPath, is_absolute, leads_to_file};
pub use path::{are_same_path, run_alias};
pub use volumes::{InjectedToken, Volumes, injected_volume, kind, volume_for_token};

/// Where the API server mounts its own token. Source: `DefaultAPITokenMountPath` of admission plugin `ServiceAccount`.
const API_TOKEN_MOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// What the API server calls the token there.
const API_TOKEN_FILE: &str = "token";

/// Whose token a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MountedFile<'p> {
    /// A token of the pod's service account for this audience.
    Token {
        /// The volume that it is projected into.
        volume: &'p str,
        /// Its audience as the pod has it, never empty.
        audience: Cow<'p, str>,
        /// Whether it is seen through a `subPath`, where the kubelet does not renew it.
        by_sub_path: bool,
    },
    /// The token for the API server: mounted by the API server itself, or projected without an audience.
    ApiServerToken,
    /// A file of a volume whose files cannot be known.
    Unknown {
        /// The volume.
        volume: &'p str,
    },
    /// No token, and why.
    Nothing(Absence<'p>),
}

/// Why no token is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence<'p> {
    /// The path is not absolute.
    Relative,
    /// No volume is mounted at the path or above it.
    NotMounted,
    /// The pod has no volume of the mount's name: the API server refuses the pod.
    NoVolume {
        /// The name.
        volume: &'p str,
    },
    /// The volume has no file at that place in it, or one that is no token.
    NotInVolume {
        /// The volume.
        volume: &'p str,
    },
    /// The path leads through something that is no directory.
    NoFile,
    /// The kubelet or the container runtime mounts a file of its own there: `terminationMessagePath`, `/etc/hosts`, `/etc/hostname` or
    /// `/etc/resolv.conf`.
    Covered,
}

/// What the kubelet or the container runtime mounts in each container, unless a volume is mounted at the very path.
/// Source: kubelet, `makeMounts`; containerd, `internal/cri/server`, `containerMounts`.
const RUNTIME_FILES: [&str; 3] = ["etc/hosts", "etc/hostname", "etc/resolv.conf"];

/// The directory of a volume that the kubelet fills from the API, in which it keeps the files to which it links.
const DATA: &str = "..data";

/// Which is a link to `/run` in most images: `..` leads elsewhere from there.
const VAR_RUN: &str = "var/run";

/// A volume mounted in a container.
#[derive(Debug)]
pub struct Mount<'p> {
    /// Its entry in `volumeMounts`; `None` if injection adds it.
    pub entry: Option<&'p VolumeMount<'p>>,
    /// The name of the volume.
    pub volume: &'p str,
    path: CleanPath,
    /// The part of the volume that is mounted, empty for all of it; `None` if it depends on variables.
    sub_path: Option<CleanPath>,
    /// The position in the order of mounts of the nearest one at or above the path.
    above: Option<usize>,
}

impl<'p> Mount<'p> {
    fn new(entry: Option<&'p VolumeMount<'p>>, volume: &'p str, path: &'p str, windows: bool) -> Self {
        let text = |key| entry.and_then(|entry| entry.object.field(key)).and_then(Value::as_str).unwrap_or_default();
        let expression = text("subPathExpr");
        let is_known = !expression.contains('$');
        let sub_path = if expression.is_empty() { text("subPath") } else { expression };
        Self {
            entry,
            volume,
            path: CleanPath::new(path, windows),
            sub_path: is_known.then(|| CleanPath::new(&sub_path, windows)),
            above: None,
        }
    }

    /// Whether only a part of the volume is mounted.
    pub fn has_sub_path(&self) -> bool {
        self.sub_path.as_ref().is_none_or(|path| !path.as_str().is_empty())
    }

    /// Whether nothing can be written through this mount.
    pub fn is_read_only(&self, volumes: &Volumes<'p>) -> bool {
        let read_only = self.entry.and_then(|entry| entry.object.field("readOnly")).and_then(Value::as_bool);
        read_only == Some(true) || volumes.is_read_only(self.volume)
    }
}

/// The volumes mounted in one container.
#[derive(Debug)]
pub struct Mounts<'v, 'p> {
    volumes: &'v Volumes<'p>,
    list: Vec<Mount<'p>>,
    /// The positions of the mounts by path; of mounts at one path in the order in which they are mounted.
    order: Vec<usize>,
    termination_log: Option<CleanPath>,
    /// Whether some mount is in a directory of the kubelet's links.
    reaches_data: bool,
}

impl<'v, 'p> Mounts<'v, 'p> {
    /// The mounts of `container`, with the one that injection adds if the container takes part.
    pub fn new(volumes: &'v Volumes<'p>, container: &'p Container<'p>, injected: Option<InjectedToken<'p>>) -> Self {
        let windows = volumes.windows;
        let mut missing = injected;
        let mut list: Vec<Mount<'p>> = Vec::with_capacity(container.mounts.len() + 1);
        for entry in &container.mounts {
            let moved = missing.take_if(|token| token.volume == entry.volume).filter(|token| token.replaces);
            list.push(match moved {
                Some(token) => Mount::new(None, token.volume, token.mount_path, windows),
                None => Mount::new(Some(entry), &entry.volume, &entry.path, windows),
            });
        }
        list.extend(missing.map(|token| Mount::new(None, token.volume, token.mount_path, windows)));
        let path = |at: usize| list.get(at).map(|mount| &mount.path);
        let order = order::sorted_positions(list.len(), &|one, other| path(one) > path(other));
        let log = container.object.field("terminationMessagePath").and_then(Value::as_str);
        let mut mounts = Self {
            volumes,
            reaches_data: list.iter().any(|mount| mount.path.as_str().split('/').any(|component| component == DATA)),
            list,
            order,
            termination_log: log.map(|path| CleanPath::new(&path, windows)),
        };
        mounts.find_parents();
        mounts
    }

    /// Notes for each mount which one is above it. Paths are in order, so that is the one before it or above that.
    fn find_parents(&mut self) {
        for position in 1..self.order.len() {
            let mut above = position.checked_sub(1);
            while let (Some(mount), Some(candidate)) = (self.mount(position), above.and_then(|at| self.mount(at))) {
                if mount.path.after(&candidate.path).is_some() {
                    break;
                }
                above = candidate.above;
            }
            if let Some(mount) = self.order.get(position).and_then(|at| self.list.get_mut(*at)) {
                mount.above = above;
            }
        }
    }

    /// The mount at a position in the order.
    fn mount(&self, position: usize) -> Option<&Mount<'p>> {
        self.list.get(*self.order.get(position)?)
    }

    /// How many mounts come before the first one that is not `before` a path.
    fn count_while(&self, before: &dyn Fn(&CleanPath) -> bool) -> usize {
        self.order.partition_point(|at| self.list.get(*at).is_some_and(|mount| before(&mount.path)))
    }

    /// The mount that a path is in: the nearest one at the path or above it.
    pub fn at(&self, path: &str) -> Option<&Mount<'p>> {
        self.nearest(&self.clean(path))
    }

    /// The nearest mount above a path.
    pub fn above(&self, path: &str) -> Option<&Mount<'p>> {
        let path = self.clean(path);
        let mut mount = self.nearest(&path)?;
        while mount.path == path {
            mount = self.mount(mount.above?)?;
        }
        Some(mount)
    }

    /// Whether a mount is at this very path.
    pub fn is_at(&self, mount: &Mount<'p>, path: &str) -> bool {
        mount.path == self.clean(path)
    }

    /// The mounts at a path and below it; of several at one path the last one is seen.
    pub fn within(&self, path: &str) -> impl Iterator<Item = &Mount<'p>> {
        let path = self.clean(path);
        let start = self.count_while(&|other| *other < path);
        let following = self.order.iter().skip(start).filter_map(|at| self.list.get(*at));
        following.take_while(move |mount| mount.path.after(&path).is_some())
    }

    /// Whose token the file at a path is.
    pub fn file(&self, path: &str) -> MountedFile<'p> {
        if !is_absolute(path, self.volumes.windows) {
            return MountedFile::Nothing(Absence::Relative);
        }
        if !leads_to_file(path, self.volumes.windows, &|path| self.is_directory(path)) {
            return MountedFile::Nothing(Absence::NoFile);
        }
        let path = self.clean(path);
        let mount = self.nearest(&path);
        let is_runtime_file = RUNTIME_FILES.contains(&path.as_str()) && !self.volumes.windows;
        if self.is_termination_log(path.as_str()) || (is_runtime_file && mount.is_none_or(|mount| mount.path != path)) {
            return MountedFile::Nothing(Absence::Covered);
        }
        let api_mount = self.clean(API_TOKEN_MOUNT);
        let is_at_api_mount = |mount: &Mount<'_>| mount.path.after(&api_mount).is_some();
        if self.volumes.automounts_token
            && path.after(&api_mount) == Some(API_TOKEN_FILE)
            && !mount.is_some_and(is_at_api_mount)
        {
            return MountedFile::ApiServerToken;
        }
        let Some(mount) = mount else { return MountedFile::Nothing(Absence::NotMounted) };
        let inside = path.after(&mount.path).unwrap_or_default();
        let file = match mount.sub_path.as_ref().map(CleanPath::as_str) {
            None if self.volumes.contains(mount.volume) => MountedFile::Unknown { volume: mount.volume },
            None => MountedFile::Nothing(Absence::NoVolume { volume: mount.volume }),
            Some("") => {
                if let Some(other) = self.cover(mount) {
                    return MountedFile::Unknown { volume: other.volume };
                }
                return self.volumes.file(mount.volume, inside);
            }
            Some(sub_path) if inside.is_empty() => self.volumes.file(mount.volume, sub_path),
            Some(sub_path) => self.volumes.file(mount.volume, &[sub_path, "/", inside].concat()),
        };
        match file {
            MountedFile::Token { volume, audience, .. } => MountedFile::Token { volume, audience, by_sub_path: true },
            file => file,
        }
    }

    /// Whether a directory exists for certain: the runtime makes those above each mount.
    fn is_directory(&self, path: &str) -> bool {
        self.clean(path).as_str() != VAR_RUN && self.within(path).next().is_some()
    }

    /// Whether the kubelet mounts the file for last words at a path, by any of its names.
    pub fn is_termination_log(&self, path: &str) -> bool {
        let Some(log) = &self.termination_log else { return false };
        let path = self.clean(path);
        let last = |path: &CleanPath| path.as_str().rsplit('/').next() == log.as_str().rsplit('/').next();
        last(&path) && plain(log.as_str()).eq(plain(path.as_str()))
    }

    /// The mount that hides the files of a whole volume that the kubelet fills, without being at or above any: in their directory.
    fn cover(&self, mount: &Mount<'p>) -> Option<&Mount<'p>> {
        if !self.reaches_data || !self.volumes.is_from_api(mount.volume) {
            return None;
        }
        self.within(&[mount.path.as_str(), "/", DATA].concat()).next()
    }

    /// Whether the container can read a token for Azure at all, through any mount.
    pub fn reaches_azure_token(&self) -> bool {
        self.list.iter().any(|mount| self.volumes.holds_azure_token(mount.volume))
    }

    /// All mounts, in the container's order.
    pub fn iter(&self) -> impl Iterator<Item = &Mount<'p>> {
        self.list.iter()
    }

    fn clean(&self, path: &str) -> CleanPath {
        CleanPath::new(path, self.volumes.windows)
    }

    #[inline(never)]
    fn nearest(&self, path: &CleanPath) -> Option<&Mount<'p>> {
        let mut mount = self.mount(self.count_while(&|other| other <= path).checked_sub(1)?)?;
        while path.after(&mount.path).is_none() {
            mount = self.mount(mount.above?)?;
        }
        Some(mount)
    }
}

/// The components of a clean path by the shortest of its names: without the directory of the kubelet's links, and without `var` in front
/// of `run`.
fn plain(path: &str) -> impl Iterator<Item = &str> {
    let path = path.strip_prefix("var/").filter(|rest| rest.starts_with("run/")).unwrap_or(path);
    path.split('/').filter(|component| *component != DATA)
}

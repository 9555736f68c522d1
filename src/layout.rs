//! Where the token is in a pod, which changed between releases of Microsoft's webhook.

use sha2::{Digest, Sha256};

/// What the token volume's name begins with since v1.6.0.
pub const RESERVED_PREFIX: &str = "azure-workload-identity-reserved-";

/// The token volume's name up to v1.5.
pub const V1_5_VOLUME: &str = "azure-identity-token";

const V1_5_MOUNT_PATH: &str = "/var/run/secrets/azure/tokens";
const V1_6_MOUNT_PATH: &str = "/var/run/secrets/azure/wi";

/// How much of the hash is in the volume's name: with the prefix, the 63 characters that a name may have.
const HASH_LENGTH: usize = 30;

/// Names and paths of one release of Microsoft's webhook.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// Up to v1.5.x: volume `azure-identity-token` at `/var/run/secrets/azure/tokens`.
    V1_5,
    /// v1.6.0: a reserved volume at `/var/run/secrets/azure/wi`.
    V1_6_0,
    /// v1.6.1 and later: a reserved volume at a path with the volume's own hash.
    #[default]
    V1_6_1,
}

impl Layout {
    /// All, oldest first.
    pub const ALL: [Self; 3] = [Self::V1_5, Self::V1_6_0, Self::V1_6_1];

    /// As settings name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V1_5 => "v1.5",
            Self::V1_6_0 => "v1.6.0",
            Self::V1_6_1 => "v1.6.1",
        }
    }

    /// Where Microsoft publishes the proxy's images of the release that this layout is of. The webhook of v1.6.0 still names
    /// the old repository, which has no image of v1.6. Source: Azure/azure-workload-identity issue 1736 and pull request 1737.
    pub const fn image_repository(self) -> &'static str {
        match self {
            Self::V1_5 => "mcr.microsoft.com/oss/azure/workload-identity",
            Self::V1_6_0 | Self::V1_6_1 => "mcr.microsoft.com/oss/v2/azure/workload-identity",
        }
    }

    /// The tag of the proxy's images in the release that this layout is of.
    pub const fn image_tag(self) -> &'static str {
        match self {
            Self::V1_5 => "v1.5.1",
            Self::V1_6_0 => "v1.6.0",
            Self::V1_6_1 => "v1.6.1",
        }
    }

    /// Whether a volume of this name is the token volume of some pod.
    pub fn owns_name(self, volume_name: &str) -> bool {
        match self {
            Self::V1_5 => volume_name == V1_5_VOLUME,
            Self::V1_6_0 | Self::V1_6_1 => is_reserved_name(volume_name),
        }
    }

    /// Where a volume of this name is mounted.
    pub fn mount_path(self, volume_name: &str) -> String {
        match self {
            Self::V1_5 => V1_5_MOUNT_PATH.to_owned(),
            Self::V1_6_0 => V1_6_MOUNT_PATH.to_owned(),
            Self::V1_6_1 => {
                let hash = volume_name.strip_prefix(RESERVED_PREFIX).unwrap_or(volume_name);
                [V1_6_MOUNT_PATH, "/", hash].concat()
            }
        }
    }

    /// The token's path in the volume.
    pub const fn token_path(self) -> &'static str {
        match self {
            Self::V1_5 => "azure-identity-token",
            Self::V1_6_0 | Self::V1_6_1 => "token/azure-identity-token",
        }
    }
}

/// Where the token is in a pod, or is going to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenPlace {
    /// The layout that puts it there.
    pub layout: Layout,
    /// The name of the volume.
    pub volume: String,
    /// Where containers see the volume.
    pub mount_path: String,
}

impl TokenPlace {
    /// Where a layout puts the token of a volume of this name.
    pub fn new(layout: Layout, volume: String) -> Self {
        Self { layout, mount_path: layout.mount_path(&volume), volume }
    }

    /// The path of the token.
    pub fn file(&self) -> String {
        [&self.mount_path, "/", self.layout.token_path()].concat()
    }
}

/// A path in a text, at or below the mount path of some layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathInText<'t> {
    /// The whole path.
    pub path: &'t str,
    /// The part of it that is the mount path.
    pub mount_path: &'t str,
}

/// Whether `text` contains a path at or below the mount path of some layout that is `wanted`.
#[inline(never)]
pub fn contains_path(text: &str, wanted: &dyn Fn(PathInText<'_>) -> bool) -> bool {
    let mut rest = text;
    // Looks at slashes only, byte by byte: this reads every variable and argument of a pod, most of them short.
    while rest.len() >= V1_6_MOUNT_PATH.len()
        && let Some(slash) = rest.bytes().position(|byte| byte == b'/')
    {
        rest = rest.get(slash..).unwrap_or_default();
        let Some(length) = mount_path_length(rest) else {
            rest = rest.get(1..).unwrap_or_default();
            continue;
        };
        let is_end = |byte: u8| byte.is_ascii_whitespace() || b"\"'`,;:&|<>()[]{}".contains(&byte);
        let (path, after) = rest.split_at(rest.bytes().position(is_end).unwrap_or(rest.len()));
        if wanted(PathInText { path, mount_path: path.get(..length).unwrap_or(path) }) {
            return true;
        }
        rest = after;
    }
    false
}

/// The length of the mount path that `path` begins with.
fn mount_path_length(path: &str) -> Option<usize> {
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if path.strip_prefix(V1_5_MOUNT_PATH).is_some_and(ends) {
        return Some(V1_5_MOUNT_PATH.len());
    }
    let rest = path.strip_prefix(V1_6_MOUNT_PATH).filter(|rest| ends(rest))?;
    let hash = rest.get(1..=HASH_LENGTH).filter(|hash| is_hash(hash));
    let has_hash = hash.is_some() && rest.get(1 + HASH_LENGTH..).is_some_and(ends);
    Some(V1_6_MOUNT_PATH.len() + if has_hash { 1 + HASH_LENGTH } else { 0 })
}

/// The CA certificate's path in the volume, for the identity binding; no layout before v1.6.0 has one.
pub const CA_PATH: &str = "ca-cert/ca.crt";

/// The reserved name of the token volume in a pod of this name.
pub fn reserved_name(pod_name: &str) -> String {
    let mut name = String::from(RESERVED_PREFIX);
    let digits = Sha256::digest(pod_name).into_iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    name.extend(digits.take(HASH_LENGTH).filter_map(|digit| char::from_digit(digit.into(), 16)));
    name
}

/// Whether a volume name is reserved for the token: the prefix and a hash.
pub fn is_reserved_name(name: &str) -> bool {
    name.strip_prefix(RESERVED_PREFIX).is_some_and(is_hash)
}

fn is_hash(text: &str) -> bool {
    text.len() == HASH_LENGTH && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

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

    /// The tag of the proxy's images in the release that this layout is of.
    pub const fn image_tag(self) -> &'static str {
        match self {
            Self::V1_5 => "v1.5.1",
            Self::V1_6_0 => "v1.6.0",
            Self::V1_6_1 => "v1.6.1",
        }
    }

    /// The token volume's name in a pod of this name (see [`Pod::naming`](crate::pod::Pod::naming)).
    pub fn volume_name(self, pod_name: &str) -> String {
        if self == Self::V1_5 {
            return V1_5_VOLUME.to_owned();
        }
        let mut name = String::from(RESERVED_PREFIX);
        let digits = Sha256::digest(pod_name).into_iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
        name.extend(digits.take(HASH_LENGTH).filter_map(|digit| char::from_digit(digit.into(), 16)));
        name
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

/// The layout whose token is at the path that `text` contains, if any.
pub fn of_path_in(text: &str) -> Option<Layout> {
    // Looks at slashes only, byte by byte: this reads every variable and argument of a pod, most of them short.
    text.bytes().enumerate().filter(|(_, byte)| *byte == b'/').find_map(|(at, _)| {
        let path = text.get(at..)?;
        if path.starts_with(V1_5_MOUNT_PATH) {
            return Some(Layout::V1_5);
        }
        let rest = path.strip_prefix(V1_6_MOUNT_PATH)?;
        let hash = rest.strip_prefix('/').and_then(|rest| rest.split('/').next()).unwrap_or_default();
        Some(if is_hash(hash) { Layout::V1_6_1 } else { Layout::V1_6_0 })
    })
}

/// Whether some layout has the token at `path`.
pub fn is_token_file(path: &str) -> bool {
    of_path_in(path).is_some_and(|layout| {
        let rest = path.strip_suffix(layout.token_path()).and_then(|mount| mount.strip_suffix('/'));
        rest.is_some_and(|mount| match layout {
            Layout::V1_5 => mount == V1_5_MOUNT_PATH,
            Layout::V1_6_0 => mount == V1_6_MOUNT_PATH,
            Layout::V1_6_1 => {
                mount.strip_prefix(V1_6_MOUNT_PATH).and_then(|hash| hash.strip_prefix('/')).is_some_and(is_hash)
            }
        })
    })
}

/// The CA certificate's path in the volume, for the identity binding; no layout before v1.6.0 has one.
pub const CA_PATH: &str = "ca-cert/ca.crt";

/// True for a volume name that is reserved for the token: the prefix and a hash.
pub fn is_reserved_name(name: &str) -> bool {
    name.strip_prefix(RESERVED_PREFIX).is_some_and(is_hash)
}

fn is_hash(text: &str) -> bool {
    text.len() == HASH_LENGTH && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

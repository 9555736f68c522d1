//! `CHANGELOG.md`, as far as releases depend on it.

use anyhow::{Context as _, Result, bail, ensure};
use cargo_metadata::semver::Version;
use jiff::civil::Date;

/// The file's path inside the repository.
pub const FILE: &str = "CHANGELOG.md";

/// The releases of a changelog, newest first.
#[derive(Debug)]
pub struct Changelog<'a> {
    /// Whether there is a section for what is not released yet.
    pub has_unreleased: bool,
    /// The released versions.
    pub releases: Vec<Release<'a>>,
}

/// A released version.
#[derive(Debug)]
pub struct Release<'a> {
    /// Its version.
    pub version: Version,
    /// The day of its release.
    pub date: Date,
    /// What has changed, without the heading.
    pub text: &'a str,
}

impl<'a> Changelog<'a> {
    /// Reads the headings of the second level: `[Unreleased]`, if at all, in front, then `[VERSION] - YYYY-MM-DD`, newest first.
    ///
    /// # Errors
    /// When a heading is something else, or in another order.
    pub fn parse(text: &'a str) -> Result<Self> {
        let mut changelog = Self { has_unreleased: false, releases: Vec::new() };
        for section in text.split("\n## ").skip(1) {
            let (heading, text) = section.split_once('\n').unwrap_or((section, ""));
            if heading == "[Unreleased]" && !changelog.has_unreleased && changelog.releases.is_empty() {
                changelog.has_unreleased = true;
                continue;
            }
            let release = Release::parse(heading, text).with_context(|| format!("heading `## {heading}`"))?;
            if let Some(newer) = changelog.releases.last() {
                ensure!(release.version < newer.version, "{} stands below {}", release.version, newer.version);
                ensure!(release.date <= newer.date, "{} is younger than {}", release.version, newer.version);
            }
            changelog.releases.push(release);
        }
        Ok(changelog)
    }

    /// The release of a version; nothing if it is not released yet.
    pub fn release(&self, version: &str) -> Option<&Release<'a>> {
        self.releases.iter().find(|release| release.version.to_string() == version)
    }
}

impl<'a> Release<'a> {
    fn parse(heading: &'a str, text: &'a str) -> Result<Self> {
        const SHAPE: &str = "it must be `[Unreleased]`, in front of all releases, or `[VERSION] - YYYY-MM-DD`";
        let Some((version, date)) = heading.strip_prefix('[').and_then(|rest| rest.split_once("] - ")) else {
            bail!(SHAPE);
        };
        let version = Version::parse(version).context(SHAPE)?;
        let date = read_date(date).context(SHAPE)?;
        Ok(Self { version, date, text: text.trim() })
    }
}

/// Reads a date of the form `YYYY-MM-DD`; [`Date`] itself takes other forms of ISO 8601 too.
fn read_date(text: &str) -> Option<Date> {
    text.parse::<Date>().ok().filter(|date| date.to_string() == text)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_release_has_a_version_a_date_and_a_text() {
        let text = "# Changelog\n\nIntroduction.\n\n## [Unreleased]\n\n- new\n\n## [0.2.0] - 2026-12-24\n\n### Fixed\n\n- old\n";
        let changelog = Changelog::parse(text).unwrap();
        let release = changelog.release("0.2.0").unwrap();

        assert!(changelog.has_unreleased);
        assert_eq!((release.date, release.text), (date(2026, 12, 24), "### Fixed\n\n- old"));
        assert!(changelog.release("0.1.0").is_none());
    }

    #[test]
    fn headings_of_another_shape_or_order_are_errors() {
        for headings in [
            &["[0.1.0]"][..],
            &["0.1.0 - 2026-12-24"],
            &["[0.1] - 2026-12-24"],
            &["[0.1.0] - 24.12.2026"],
            &["[0.1.0] - 2026-13-24"],
            &["[0.1.0] - 2026-02-30"],
            &["[0.1.0] - 20261224"],
            &["[unreleased]"],
            &["[Unreleased]", "[Unreleased]"],
            &["[0.1.0] - 2026-12-24", "[Unreleased]"],
            &["[0.1.0] - 2026-12-24", "[0.1.0] - 2026-12-24"],
            &["[0.1.0] - 2026-12-24", "[0.2.0] - 2026-12-24"],
            &["[0.2.0] - 2026-12-24", "[0.1.0] - 2026-12-25"],
        ] {
            let text = format!("# Changelog\n\n## {}\n\n- text\n", headings.join("\n\n- text\n\n## "));
            assert!(Changelog::parse(&text).is_err(), "{headings:?}");
        }
    }
}

//! Chains as trees for people, in a terminal.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use azure_workload_identity_lint::report::FilePlace;
use azure_workload_identity_policy::identity::DEFAULT_EXPIRATION;
use azure_workload_identity_trace::chain::graph::LinkState;
use azure_workload_identity_trace::chain::report::{
    Chain, ChainReport, ChainVerdict, Difference, Link, Match, TokenPart,
};

use super::{Look, at};
use crate::output::{counted, human};
use crate::printable::printable;

/// The width of the names of links.
const WIDTH: usize = 21;

/// How many users of a chain are shown.
const USERS: usize = 20;

/// Writes all chains, the findings, and a line that counts.
pub(super) fn write(report: &ChainReport, look: Look, out: &mut dyn Write) -> io::Result<()> {
    for chain in &report.chains {
        Tree { chain, is_coloured: look.is_coloured, out }.write()?;
    }
    human::write(&report.report, Look { has_summary: false, ..look }, out)?;
    if look.has_summary && !report.chains.is_empty() {
        writeln!(out, "{}", summary(report))?;
    }
    Ok(())
}

fn summary(report: &ChainReport) -> String {
    let count = |verdict| report.chains.iter().filter(|chain| chain.verdict == verdict).count();
    let [complete, broken, unknown] = [ChainVerdict::Complete, ChainVerdict::Broken, ChainVerdict::Unknown].map(count);
    let (warn, note) = (report.report.summary.warn, report.report.summary.note);
    let findings = [
        (report.report.summary.deny > 0).then(|| format!("{} denied", report.report.summary.deny)),
        (warn > 0).then(|| counted(warn, "warning")),
        (note > 0).then(|| counted(note, "note")),
    ];
    let chains = counted(report.chains.len(), "chain");
    let chains = format!("{chains}: {complete} complete, {broken} broken, {unknown} unknown");
    [Some(chains)].into_iter().chain(findings).flatten().collect::<Vec<_>>().join("; ")
}

struct Tree<'t, 'w> {
    chain: &'t Chain,
    is_coloured: bool,
    out: &'w mut dyn Write,
}

impl Tree<'_, '_> {
    fn write(&mut self) -> io::Result<()> {
        let chain = self.chain;
        let (colour, words) = match (chain.verdict, chain.first_broken()) {
            (ChainVerdict::Broken, Some(link)) => (AnsiColor::BrightRed, format!("broken at {}", link.name())),
            (ChainVerdict::Unknown, _) => (AnsiColor::BrightYellow, "cannot be known".to_owned()),
            (verdict, _) => (AnsiColor::BrightGreen, verdict.name().to_owned()),
        };
        let name = chain.service_account.to_string();
        writeln!(
            self.out,
            "{}: {}",
            self.styled(&name, Style::new().bold()),
            self.styled(&words, colour.on_default().bold())
        )?;
        for link in Link::ALL {
            self.link(link)?;
        }
        writeln!(self.out)
    }

    fn link(&mut self, link: Link) -> io::Result<()> {
        let chain = self.chain;
        let state = LinkState::of(link, chain);
        let (mark, style) = match state {
            LinkState::Whole => ("✓", AnsiColor::Green.on_default()),
            LinkState::Open => ("·", Style::new().dimmed()),
            LinkState::Unknown => ("?", AnsiColor::Yellow.on_default()),
            LinkState::Broken => ("✗", AnsiColor::Red.on_default()),
        };
        let is_last = link == Link::FederatedCredential;
        let values = self.values(link);
        let (corner, stem) = if is_last { ("└─", "   ") } else { ("├─", "│  ") };
        let label = format!("{mark} {}", link.name());
        let label = if chain.first_broken() == Some(link) {
            self.styled(&label, AnsiColor::BrightRed.on_default().bold())
        } else {
            self.styled(&label, style)
        };
        let padding = " ".repeat((WIDTH + 1).saturating_sub(link.name().len()));
        let mut shown = values.iter().map(|value| self.value(value)).collect::<Vec<_>>().into_iter();
        let first = shown.next().unwrap_or_default();
        writeln!(self.out, "{}", format!("{corner} {label}{padding}{first}").trim_end())?;
        for value in shown {
            writeln!(self.out, "{stem}  {}{value}", " ".repeat(WIDTH + 1))?;
        }
        // What is above need not be said again.
        let place_of = |place: Option<&FilePlace>| {
            let place = place.map(at);
            place.filter(|place| values.iter().all(|(_, shown)| shown.as_ref() != Some(place)))
        };
        for it in chain.breaks.iter().filter(|it| it.link == link) {
            self.message(stem, &it.message, place_of(it.place.as_ref()), AnsiColor::Red.on_default())?;
            if let Some(differs) = &it.differs {
                self.difference(stem, differs)?;
            }
            if let Some(command) = &it.command {
                let command = self.styled(&format!("$ {command}"), Style::new().bold());
                writeln!(self.out, "{stem}    {command}")?;
            }
        }
        for it in chain.unknown.iter().filter(|it| it.link == link) {
            self.message(stem, &it.message, place_of(it.place.as_ref()), AnsiColor::Yellow.on_default())?;
        }
        Ok(())
    }

    fn message(&mut self, stem: &str, message: &str, place: Option<String>, style: Style) -> io::Result<()> {
        let message = self.styled(message, style);
        let place = place.map(|place| self.dimmed(&place)).unwrap_or_default();
        writeln!(self.out, "{stem}  {}", format!("{message} {place}").trim_end())
    }

    /// Two texts one below the other, with the part that differs marked.
    fn difference(&mut self, stem: &str, differs: &Difference) -> io::Result<()> {
        let marked = differs.marked();
        let marks = format!("{}{}", " ".repeat(marked.start), "^".repeat(marked.len().max(1)));
        let marks = self.styled(&marks, AnsiColor::Red.on_default());
        writeln!(self.out, "{stem}    token       {}", printable(&differs.token))?;
        writeln!(self.out, "{stem}    credential  {}", printable(&differs.credential))?;
        writeln!(self.out, "{stem}                {marks}")
    }

    fn value(&self, (text, place): &(String, Option<String>)) -> String {
        let place = place.as_ref().map(|place| self.dimmed(place));
        let text = Some(printable(text).into_owned()).filter(|text| !text.is_empty());
        [text, place].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// What a link is: each thing, and its place.
    fn values(&self, link: Link) -> Vec<(String, Option<String>)> {
        let chain = self.chain;
        let part = |part: &TokenPart, otherwise: &str| {
            let value = part.value.as_deref().unwrap_or(otherwise);
            vec![(value.to_owned(), part.place.as_ref().map(at))]
        };
        match link {
            Link::Label => {
                let more = chain.users.len().checked_sub(USERS).filter(|more| *more > 0);
                let users = chain.users.iter().take(USERS).map(|user| {
                    let name = &user.object;
                    let expiration = user.expiration.filter(|seconds| *seconds != DEFAULT_EXPIRATION);
                    let expiration =
                        expiration.map(|seconds| format!(", tokens valid {seconds} s")).unwrap_or_default();
                    (format!("{name}{expiration}"), Some(at(&user.place)))
                });
                users.chain(more.map(|more| (format!("and {more} more"), None))).collect()
            }
            Link::ServiceAccount => {
                let account = &chain.service_account;
                vec![(account.to_string(), account.place.as_ref().map(at))]
            }
            Link::ClientId => part(&chain.client_id, ""),
            Link::TenantId if chain.unknown.iter().any(|it| it.link == Link::ServiceAccount && it.decides) => {
                part(&chain.tenant_id, "")
            }
            Link::TenantId => part(&chain.tenant_id, "that of the cluster"),
            Link::Audience => part(&chain.audience, ""),
            Link::Issuer if chain.breaks.iter().all(|it| it.link != link) => part(&chain.issuer, "not given"),
            Link::Issuer => part(&chain.issuer, ""),
            Link::Subject => part(&chain.subject, ""),
            Link::FederatedCredential => {
                let credentials = chain.credentials.iter().map(|it| {
                    let identity = it.identity.as_deref().map(|name| format!(" of {name}")).unwrap_or_default();
                    let matches = match it.matches {
                        Match::Yes => "",
                        Match::No => " does not match",
                        Match::Maybe => " may match",
                    };
                    (format!("{}{identity}{matches}", it.name), Some(at(&it.place)))
                });
                credentials.collect()
            }
        }
    }

    fn dimmed(&self, text: &str) -> String {
        self.styled(text, Style::new().dimmed())
    }

    fn styled(&self, text: &str, style: Style) -> String {
        let text = printable(text);
        if self.is_coloured { format!("{style}{text}{style:#}") } else { text.into_owned() }
    }
}

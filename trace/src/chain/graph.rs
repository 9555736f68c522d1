//! Chains as a graph, for drawings: the pods, their service account, client and token, the federated credential, and Entra ID.

use azure_workload_identity_lint::report::FilePlace;
use serde::Serialize;

use super::report::{Chain, ChainReport, ChainVerdict, Link, Match};

/// All chains, each as nodes and edges of its own.
#[derive(Clone, Debug)]
pub struct Graph {
    /// The chains, in the order of the report.
    pub groups: Vec<Group>,
}

/// A chain.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct Group {
    /// The service account and the verdict.
    pub title: String,
    /// The nodes, from the pods to Entra ID.
    pub nodes: Vec<ChainNode>,
    /// The edges.
    pub edges: Vec<ChainEdge>,
}

/// A node.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct ChainNode {
    /// Made of ASCII letters and digits, unique in the graph.
    pub id: String,
    /// What it stands for.
    pub kind: NodeKind,
    /// Its lines.
    pub lines: Vec<String>,
    /// Where it is written.
    pub place: Option<FilePlace>,
}

/// What a node stands for, in the order of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub enum NodeKind {
    /// A pod, a workload, or another object that uses the service account.
    Workload,
    /// The number of those that are not drawn.
    More,
    /// The service account.
    ServiceAccount,
    /// The client, and the tenant if it is known.
    Client,
    /// The token of the service account.
    Token,
    /// The federated credential.
    Credential,
    /// Microsoft Entra ID.
    Entra,
}

/// An edge.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct ChainEdge {
    /// The id of a node.
    pub from: String,
    /// The id of a node.
    pub to: String,
    /// The links that it stands for, the broken one alone if one is.
    pub label: String,
    /// How they are.
    pub state: LinkState,
}

/// How a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub enum LinkState {
    /// It holds: what it has to be compared with was given, and is the same.
    Whole,
    /// It was compared with nothing: something was not given, or an earlier or later link is broken or not known.
    Open,
    /// It cannot be known.
    Unknown,
    /// It is broken.
    Broken,
}

/// How many users of a chain are drawn.
const USERS: usize = 20;

impl Graph {
    /// The graph of all chains.
    pub fn new(report: &ChainReport) -> Self {
        Self { groups: report.chains.iter().enumerate().map(|(number, chain)| Group::new(number, chain)).collect() }
    }
}

impl Group {
    fn new(number: usize, chain: &Chain) -> Self {
        let verdict = match chain.first_broken() {
            Some(link) => format!("broken at {}", link.name()),
            None => chain.verdict.name().to_owned(),
        };
        let title = format!("{}: {verdict}", chain.service_account);
        let mut drawing = Drawing { number, chain, group: Self { title, nodes: Vec::new(), edges: Vec::new() } };
        drawing.users();
        drawing.account_and_token();
        drawing.credential();
        drawing.entra();
        drawing.group
    }
}

/// A chain that is being drawn.
struct Drawing<'c> {
    number: usize,
    chain: &'c Chain,
    group: Group,
}

impl Drawing<'_> {
    fn users(&mut self) {
        let chain = self.chain;
        for (position, user) in chain.users.iter().take(USERS).enumerate() {
            let name = format!("u{position}");
            self.node(&name, NodeKind::Workload, vec![user.object.to_string()], Some(&user.place));
            self.links(&name, "account", &[Link::Label, Link::ServiceAccount]);
        }
        if let Some(more) = chain.users.len().checked_sub(USERS).filter(|more| *more > 0) {
            self.node("more", NodeKind::More, vec![format!("{more} more")], None);
            self.links("more", "account", &[Link::Label, Link::ServiceAccount]);
        }
    }

    fn account_and_token(&mut self) {
        let chain = self.chain;
        let or_not_known = |value: &Option<String>| value.clone().unwrap_or_else(|| "not known".to_owned());
        let account = vec!["service account".to_owned(), chain.service_account.to_string()];
        self.node("account", NodeKind::ServiceAccount, account, chain.service_account.place.as_ref());
        let mut client = vec!["client".to_owned(), or_not_known(&chain.client_id.value)];
        client.extend(chain.tenant_id.value.iter().map(|tenant| format!("tenant {tenant}")));
        self.node("client", NodeKind::Client, client, chain.client_id.place.as_ref());
        self.links("account", "client", &[Link::ClientId, Link::TenantId]);
        let token = [
            "token".to_owned(),
            format!("audience {}", or_not_known(&chain.audience.value)),
            format!("issuer {}", chain.issuer.value.as_deref().unwrap_or("not given")),
            format!("subject {}", or_not_known(&chain.subject.value)),
        ];
        self.node("token", NodeKind::Token, token.into(), chain.audience.place.as_ref());
        self.links("account", "token", &[Link::Audience, Link::Issuer, Link::Subject]);
    }

    fn credential(&mut self) {
        let credential = self.chain.credentials.first();
        let lines = match credential {
            Some(credential) => {
                let identity = credential.identity.as_ref().map(|name| format!("of {name}"));
                ["federated credential".to_owned(), credential.name.clone()].into_iter().chain(identity).collect()
            }
            None => vec!["no federated credential".to_owned()],
        };
        self.node("credential", NodeKind::Credential, lines, credential.map(|credential| &credential.place));
        for from in ["client", "token"] {
            self.links(from, "credential", &[Link::FederatedCredential]);
        }
    }

    fn entra(&mut self) {
        let (answer, state) = match self.chain.verdict {
            ChainVerdict::Complete => ("gives an access token", LinkState::Whole),
            ChainVerdict::Broken => ("gives no access token", LinkState::Open),
            ChainVerdict::Unknown => ("may give an access token", LinkState::Open),
        };
        let lines = vec!["Microsoft Entra ID".to_owned(), answer.to_owned()];
        self.node("entra", NodeKind::Entra, lines, None);
        self.edge("credential", "entra", "token exchange".to_owned(), state);
    }

    fn node(&mut self, name: &str, kind: NodeKind, lines: Vec<String>, place: Option<&FilePlace>) {
        self.group.nodes.push(ChainNode { id: self.id(name), kind, lines, place: place.cloned() });
    }

    /// Adds an edge for links: as bad as the worst of them.
    fn links(&mut self, from: &str, to: &str, links: &[Link]) {
        let states: Vec<_> = links.iter().map(|link| (LinkState::of(*link, self.chain), link.name())).collect();
        let state = states.iter().map(|(state, _)| *state).max().unwrap_or(LinkState::Whole);
        let is_shown = |it: &&(LinkState, &'static str)| state != LinkState::Broken || it.0 == LinkState::Broken;
        let label = states.iter().filter(is_shown).map(|(_, name)| *name).collect::<Vec<_>>().join(", ");
        self.edge(from, to, label, state);
    }

    fn edge(&mut self, from: &str, to: &str, label: String, state: LinkState) {
        self.group.edges.push(ChainEdge { from: self.id(from), to: self.id(to), label, state });
    }

    fn id(&self, name: &str) -> String {
        format!("c{}{name}", self.number)
    }
}

impl LinkState {
    /// How a link of a chain is.
    pub fn of(link: Link, chain: &Chain) -> Self {
        if chain.breaks.iter().any(|it| it.link == link) {
            Self::Broken
        } else if chain.unknown.iter().any(|it| it.link == link && it.decides) {
            Self::Unknown
        } else if is_open(link, chain) {
            Self::Open
        } else {
            Self::Whole
        }
    }
}

/// Whether a link was compared with nothing.
fn is_open(link: Link, chain: &Chain) -> bool {
    match link {
        Link::Label | Link::ServiceAccount => false,
        Link::ClientId | Link::TenantId | Link::Audience | Link::Issuer | Link::Subject => {
            !chain.compared.contains(&link)
        }
        Link::FederatedCredential => chain.credentials.iter().all(|it| it.matches != Match::Yes),
    }
}

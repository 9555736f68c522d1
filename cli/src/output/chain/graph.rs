//! Chains as a graph, for the formats of drawings.

use azure_workload_identity_lint::chain::report::{Chain, ChainReport, Link};

use super::{State, first_broken};

/// All chains, each as nodes and edges of its own.
pub(super) struct Graph {
    pub(super) groups: Vec<Group>,
}

/// A chain.
pub(super) struct Group {
    /// The verdict and the service account.
    pub(super) title: String,
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
}

/// A node.
pub(super) struct Node {
    /// Made of ASCII letters and digits, unique in the graph.
    pub(super) id: String,
    /// Its lines.
    pub(super) lines: Vec<String>,
}

/// An edge.
pub(super) struct Edge {
    pub(super) from: String,
    pub(super) to: String,
    /// The links that it stands for, the broken one alone if one is.
    pub(super) label: String,
    pub(super) state: State,
}

/// How many users of a chain are drawn.
const USERS: usize = 20;

impl Graph {
    pub(super) fn new(report: &ChainReport) -> Self {
        Self { groups: report.chains.iter().enumerate().map(|(number, chain)| group(number, chain)).collect() }
    }
}

fn group(number: usize, chain: &Chain) -> Group {
    let id = |name: &str| format!("c{number}{name}");
    let node = |name: &str, lines: Vec<String>| Node { id: id(name), lines };
    let or = |value: &Option<String>, otherwise: &str| value.clone().unwrap_or_else(|| otherwise.to_owned());
    let mut nodes = Vec::new();
    let mut edges = Vec::new();
    for (position, user) in chain.users.iter().take(USERS).enumerate() {
        let name = format!("u{position}");
        nodes.push(node(&name, vec![user.object.to_string()]));
        edges.push(edge(chain, id(&name), id("account"), &[Link::Label, Link::ServiceAccount]));
    }
    if let Some(more) = chain.users.len().checked_sub(USERS).filter(|more| *more > 0) {
        nodes.push(node("more", vec![format!("{more} more")]));
        edges.push(edge(chain, id("more"), id("account"), &[Link::Label, Link::ServiceAccount]));
    }
    nodes.push(node("account", vec!["service account".to_owned(), chain.service_account.to_string()]));
    let mut client = vec!["client".to_owned(), or(&chain.client_id.value, "not known")];
    client.extend(chain.tenant_id.value.iter().map(|tenant| format!("tenant {tenant}")));
    nodes.push(node("client", client));
    edges.push(edge(chain, id("account"), id("client"), &[Link::ClientId, Link::TenantId]));
    let token = [
        "token".to_owned(),
        format!("audience {}", or(&chain.audience.value, "not known")),
        format!("issuer {}", or(&chain.issuer.value, "not known")),
        format!("subject {}", or(&chain.subject.value, "not known")),
    ];
    nodes.push(node("token", token.into()));
    edges.push(edge(chain, id("account"), id("token"), &[Link::Audience, Link::Issuer, Link::Subject]));
    let credential = match chain.credentials.first() {
        Some(credential) => {
            let identity = credential.identity.as_ref().map(|name| format!("of {name}"));
            ["federated credential".to_owned(), credential.name.clone()].into_iter().chain(identity).collect()
        }
        None => vec!["no federated credential".to_owned()],
    };
    nodes.push(node("credential", credential));
    for from in ["client", "token"] {
        edges.push(edge(chain, id(from), id("credential"), &[Link::FederatedCredential]));
    }
    let verdict = match first_broken(chain) {
        Some(link) => format!("broken at {}", link.name()),
        None => chain.verdict.name().to_owned(),
    };
    Group { title: format!("{}: {verdict}", chain.service_account), nodes, edges }
}

/// An edge for links: as bad as the worst of them.
fn edge(chain: &Chain, from: String, to: String, links: &[Link]) -> Edge {
    let states: Vec<_> = links.iter().map(|link| (State::of(*link, chain), link.name())).collect();
    let state = states.iter().map(|(state, _)| *state).max().unwrap_or(State::Whole);
    let is_shown = |it: &&(State, &'static str)| state != State::Broken || it.0 == State::Broken;
    let label = states.iter().filter(is_shown).map(|(_, name)| *name).collect::<Vec<_>>().join(", ");
    Edge { from, to, label, state }
}

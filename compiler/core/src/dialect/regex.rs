//! What the dialects need to know of a regular expression before they print it.

use crate::plan::regex::Node;

/// Whether the empty text matches: then a missing field must be kept out by a test of its own.
#[must_use]
pub fn matches_empty(node: &Node) -> bool {
    match node {
        Node::Empty | Node::Start | Node::End => true,
        Node::Literal(_) | Node::Dot | Node::Class(_) => false,
        Node::Concat(parts) => parts.iter().all(matches_empty),
        Node::Alternate(parts) => parts.iter().any(matches_empty),
        Node::Repeat { node, min, .. } => *min == 0 || matches_empty(node),
    }
}

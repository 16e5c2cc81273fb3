//! Where a connection goes, as a site writes it down: an address, a network, or a name.

use std::net::IpAddr;

use super::{Cidr, Glob, Segment};

/// An entry of a list of hosts. An address field is tested against the addresses and networks of a list, a text field
/// against its names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// One address; an IPv4-mapped IPv6 address is held as IPv4.
    Address(IpAddr),
    /// A network.
    Network(Cidr),
    /// A name, or after `*.` every name below it, as the glob that it is.
    Name(Glob),
}

impl Host {
    /// The name that `text` is: letters, digits, `-` and `_` between dots; before them, `*.` for every name below.
    ///
    /// # Errors
    /// Says what is no part of a name. A last label of digits alone would be an address.
    pub fn name(text: &str) -> Result<Self, String> {
        let (below, name) = text.strip_prefix("*.").map_or((false, text), |rest| (true, rest));
        let sound =
            |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
        let numeric = name.rsplit('.').next().is_some_and(|label| label.bytes().all(|b| b.is_ascii_digit()));
        if numeric || !name.split('.').all(sound) {
            return Err(format!("`{text}` is no address, network or host name such as `*.example.com`"));
        }
        let mut glob = Glob::default();
        if below {
            glob.push(Segment::Any);
            glob.push(Segment::Literal(".".to_owned()));
        }
        glob.push(Segment::Literal(name.to_owned()));
        Ok(Self::Name(glob))
    }
}

impl std::fmt::Display for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Address(address) => write!(f, "{address}"),
            Self::Network(network) => write!(f, "{network}"),
            Self::Name(name) => write!(f, "{name}"),
        }
    }
}

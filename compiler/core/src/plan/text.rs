//! Text patterns as segments, networks, and portable regular expressions: structured until a dialect prints them.

use std::fmt::Write;
use std::net::IpAddr;

/// A glob over a whole value, as segments. Never text with escapes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Glob {
    /// Normalised: no two literals and no two `Any` side by side, no empty literal.
    pub segments: Vec<Segment>,
}

/// A part of a glob.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// This text.
    Literal(String),
    /// `*`: any run of characters, newlines included.
    Any,
    /// `?`: exactly one character (code point).
    One,
}

impl Glob {
    /// Reads the language's notation: `*` any run, `?` one character, `[*]` and `[?]` those characters themselves, any
    /// other character itself (a backslash too).
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut glob = Self::default();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let (segment, length) = match first {
                '*' => (Segment::Any, 1),
                '?' => (Segment::One, 1),
                '[' if rest.starts_with("[*]") => (Segment::Literal("*".to_owned()), 3),
                '[' if rest.starts_with("[?]") => (Segment::Literal("?".to_owned()), 3),
                other => {
                    let own = other.len_utf8();
                    let more = rest.get(own..).unwrap_or_default();
                    let length = own + more.find(['*', '?', '[']).unwrap_or(more.len());
                    (Segment::Literal(rest.get(..length).unwrap_or_default().to_owned()), length)
                }
            };
            glob.push(segment);
            rest = rest.get(length..).unwrap_or_default();
        }
        // A corpus has tens of thousands, of two segments each.
        glob.segments.shrink_to_fit();
        glob
    }

    /// Adds a segment, keeping the glob normalised. A run of `*` and `?` keeps its order of `?` before `*`.
    pub fn push(&mut self, segment: Segment) {
        match (self.segments.last_mut(), segment) {
            (_, Segment::Literal(text)) if text.is_empty() => {}
            (Some(Segment::Literal(last)), Segment::Literal(text)) => last.push_str(&text),
            (Some(Segment::Any), Segment::Any) => {}
            (Some(last @ Segment::Any), Segment::One) => {
                *last = Segment::One;
                self.segments.push(Segment::Any);
            }
            (_, segment) => self.segments.push(segment),
        }
    }

    /// The text, if there is no wildcard in it.
    #[must_use]
    pub fn as_literal(&self) -> Option<&str> {
        match self.segments.as_slice() {
            [] => Some(""),
            [Segment::Literal(text)] => Some(text),
            _ => None,
        }
    }
}

impl std::fmt::Display for Glob {
    /// The language's notation; [`Glob::parse`] reads it back.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for segment in &self.segments {
            match segment {
                Segment::Any => f.write_str("*")?,
                Segment::One => f.write_str("?")?,
                Segment::Literal(text) => {
                    for run in text.split_inclusive(['*', '?']) {
                        match run.strip_suffix(['*', '?']) {
                            Some(before) if run.ends_with('*') => write!(f, "{before}[*]")?,
                            Some(before) => write!(f, "{before}[?]")?,
                            None => f.write_str(run)?,
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

/// A network: an address and the length of its prefix. Host bits are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    /// The network's first address.
    pub address: IpAddr,
    /// Bits that count: 0..=32 or 0..=128.
    pub prefix: u8,
}

impl Cidr {
    /// Reads `10.0.0.0/8`, `fc00::/7`, or a bare address (a network of one).
    ///
    /// # Errors
    /// Says what is wrong: no address, a prefix out of range, or host bits that are not zero.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.parse().map_err(|_| format!("`{address}` is no address"))?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => width,
            Some(p) => p
                .parse::<u8>()
                .ok()
                .filter(|n| *n <= width && p.len() <= 3 && p.bytes().all(|b| b.is_ascii_digit()))
                .ok_or_else(|| format!("`/{p}` is no prefix length of 0 to {width}"))?,
        };
        let network = Self { address, prefix };
        if network.masked(address) == address {
            Ok(network)
        } else {
            Err(format!("host bits are set: the network is `{}/{prefix}`", network.masked(address)))
        }
    }

    /// The network in the language's notation; [`Cidr::parse`] reads it back. Rules list networks by the dozen: to format them
    /// took a fiftieth of a run.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::with_capacity("255.255.255.255/32".len());
        match self.address {
            IpAddr::V4(address) => {
                for (n, octet) in address.octets().into_iter().enumerate() {
                    if n > 0 {
                        text.push('.');
                    }
                    push_digits(&mut text, octet);
                }
            }
            IpAddr::V6(address) => {
                // A string takes whatever is written.
                let _ = write!(text, "{address}");
            }
        }
        text.push('/');
        push_digits(&mut text, self.prefix);
        text
    }

    /// Whether the address lies in the network. An IPv4 address is in no IPv6 network and the reverse.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.address.is_ipv4() == address.is_ipv4() && self.masked(address) == self.address
    }

    /// The address with the bits after the prefix set to zero.
    fn masked(&self, address: IpAddr) -> IpAddr {
        match address {
            IpAddr::V4(a) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                IpAddr::V4((u32::from(a) & mask).into())
            }
            IpAddr::V6(a) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                IpAddr::V6((u128::from(a) & mask).into())
            }
        }
    }
}

impl std::fmt::Display for Cidr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text())
    }
}

/// A number in decimal notation, digit by digit.
fn push_digits(text: &mut String, number: u8) {
    for unit in [100, 10, 1] {
        if number >= unit || unit == 1 {
            text.push(char::from(b'0' + number / unit % 10));
        }
    }
}

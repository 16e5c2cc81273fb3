//! spl

use super::{Dialect, Query, Request};
use crate::capability::{Feature, Findings, Support};

/// The dialect.
pub struct Spl;

impl Dialect for Spl {
    fn id(&self) -> &'static str {
        "spl"
    }

    fn support(&self, _feature: Feature) -> Support {
        Support::no("not written")
    }

    fn lower(&self, _request: &Request<'_>, _findings: &mut Findings) -> Vec<Query> {
        Vec::new()
    }
}

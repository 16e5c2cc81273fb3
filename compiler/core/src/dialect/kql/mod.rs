//! kql

use super::{Dialect, Query, Request};
use crate::capability::{Feature, Findings, Support};

/// The dialect.
pub struct Kql;

impl Dialect for Kql {
    fn id(&self) -> &'static str {
        "kql"
    }

    fn support(&self, _feature: Feature) -> Support {
        Support::no("not written")
    }

    fn lower(&self, _request: &Request<'_>, _findings: &mut Findings) -> Vec<Query> {
        Vec::new()
    }
}

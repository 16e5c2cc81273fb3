//! eql

use super::{Dialect, Query, Request};
use crate::capability::{Feature, Findings, Support};

/// The dialect.
pub struct Eql;

impl Dialect for Eql {
    fn id(&self) -> &'static str {
        "eql"
    }

    fn support(&self, _feature: Feature) -> Support {
        Support::no("not written")
    }

    fn lower(&self, _request: &Request<'_>, _findings: &mut Findings) -> Vec<Query> {
        Vec::new()
    }
}

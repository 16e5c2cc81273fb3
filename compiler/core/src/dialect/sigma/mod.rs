//! sigma

use super::{Dialect, Query, Request};
use crate::capability::{Feature, Findings, Support};

/// The dialect.
pub struct Sigma;

impl Dialect for Sigma {
    fn id(&self) -> &'static str {
        "sigma"
    }

    fn support(&self, _feature: Feature) -> Support {
        Support::no("not written")
    }

    fn lower(&self, _request: &Request<'_>, _findings: &mut Findings) -> Vec<Query> {
        Vec::new()
    }
}

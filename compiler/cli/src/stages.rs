//! Stand-ins until the stages are there.
#![allow(clippy::all, dead_code, missing_docs)]
pub mod syntax {
    use detc_core::{diagnostics::Diagnostic, source::*, syntax::ast};
    pub fn parse_(_: &Sources, _: SourceId) -> (ast::File, Vec<Diagnostic>) {
        (ast::File { ..Default::default() }, vec![])
    }
    pub fn format(s: &Sources, id: SourceId) -> Result<String, Vec<Diagnostic>> {
        Ok(s.get(id).map(|s| s.text.trim().to_owned() + "\n").unwrap_or_default())
    }
}
pub mod cases {
    pub fn schema() -> serde_json::Value {
        serde_json::json!({})
    }
}
pub mod sema {
    use detc_core::{diagnostics::Diagnostic, plan::*, source::*, syntax::ast};
    use std::{collections::BTreeMap, sync::Arc};
    #[derive(Default)]
    pub struct Analysis {
        pub strategies: Vec<Strategy>,
        pub diagnostics: Vec<Diagnostic>,
        pub classes: BTreeMap<String, Arc<Class>>,
    }
    pub fn analyse(_: &mut Sources, _: &[ast::File], _: &[detc_core::tuning::TuningFile]) -> Analysis {
        Analysis::default()
    }
}

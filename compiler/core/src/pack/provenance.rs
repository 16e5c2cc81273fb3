//! Where a pack comes from: an in-toto statement with SLSA provenance. It names files as the sources name them, never a
//! machine or its folders.
//!
//! <https://slsa.dev/spec/v1.0/provenance>

use serde_json::{Value as Json, json};

use super::Request;
use super::hash::sha256;
use crate::compile::Artifact;

/// A file that a pack is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Material {
    /// Its path below the folder that was named, with `/`.
    pub name: String,
    /// The SHA-256 of its text.
    pub sha256: String,
}

/// The statement about these files.
#[must_use]
pub fn provenance(request: &Request<'_>, files: &[Artifact]) -> Json {
    let subject = |f: &Artifact| json!({ "name": f.path, "digest": { "sha256": sha256(&f.bytes) } });
    let material = |m: &Material| json!({ "name": m.name, "digest": { "sha256": m.sha256 } });
    let mut sites: Vec<String> = request.outcomes.iter().map(|o| format!("{}/{}", o.target.id, o.profile.id)).collect();
    sites.sort();
    sites.dedup();
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": files.iter().map(subject).collect::<Vec<_>>(),
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "urn:detc:pack:v1",
                "externalParameters": {
                    "pack": request.project.name,
                    "version": request.lock.version,
                    "sites": sites,
                    "source_date_epoch": request.epoch,
                },
                "resolvedDependencies": request.materials.iter().map(material).collect::<Vec<_>>(),
            },
            "runDetails": { "builder": { "id": "urn:detc", "version": { "detc": request.compiler } } },
        },
    })
}

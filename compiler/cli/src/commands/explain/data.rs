//! What must be collected for an analytic at a site, and how to see that it arrives.

use std::collections::BTreeSet;

use detc_core::dialect::dialect;
use detc_core::plan::Unit;

use crate::sites::Site;

/// The events of one class at a site.
pub struct ClassData<'a> {
    /// The class.
    pub class: &'a str,
    /// What must be collected; none where the site does not have the class.
    pub collect: Option<&'a str>,
    /// Queries that show whether it arrives.
    pub checks: Vec<String>,
}

/// The classes that the detections need, as the site has them; nothing if it does not serve their platform.
pub fn needed<'a>(units: &[Unit<'a>], site: Site<'a>) -> Vec<ClassData<'a>> {
    let served = units.iter().filter(|unit| site.serves(**unit));
    let classes: BTreeSet<&str> = served.flat_map(|u| &u.detection.events).map(|event| &*event.class.name).collect();
    let data = |class: &'a str| {
        let binding = site.profile.classes.get(class);
        let language = dialect(site.target.data_dialect());
        ClassData {
            class,
            collect: binding.map(|binding| binding.collect.trim()),
            checks: binding.zip(language).map(|(binding, language)| language.coverage(binding)).unwrap_or_default(),
        }
    };
    classes.into_iter().map(data).collect()
}

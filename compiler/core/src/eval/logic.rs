//! Boolean trees: two-valued throughout.

use crate::plan::Logic;

/// Whether a tree of tests holds.
pub fn holds<A>(logic: &Logic<A>, test: &mut impl FnMut(&A) -> bool) -> bool {
    match logic {
        Logic::Const(value) => *value,
        Logic::Not(inner) => !holds(inner, test),
        Logic::And(parts) => parts.iter().all(|part| holds(part, test)),
        Logic::Or(parts) => parts.iter().any(|part| holds(part, test)),
        Logic::Atom(atom) => test(atom),
    }
}

/// The same tree over other atoms.
pub fn map<A, B>(logic: &Logic<A>, atom: &mut impl FnMut(&A) -> B) -> Logic<B> {
    match logic {
        Logic::Const(value) => Logic::Const(*value),
        Logic::Not(inner) => Logic::Not(Box::new(map(inner, atom))),
        Logic::And(parts) => Logic::And(parts.iter().map(|part| map(part, atom)).collect()),
        Logic::Or(parts) => Logic::Or(parts.iter().map(|part| map(part, atom)).collect()),
        Logic::Atom(a) => Logic::Atom(atom(a)),
    }
}

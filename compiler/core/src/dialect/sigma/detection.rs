//! Conditions as named selections, in the form that rule authors write: what must be there in `selection`, what must not in
//! `filter_main_…`, alternatives in `selection_…`.

use super::print::item_key;
use super::tree::{Detection, Item};
use crate::plan::Logic;

/// The condition as selections. `present` is a test of any field, for a condition that every event or none satisfies: a
/// rule must have a selection.
#[must_use]
pub fn detection(condition: Logic<Item>, present: Item) -> Detection {
    let mut naming = Naming::default();
    let condition = match condition {
        Logic::Const(value) => {
            let name = || Logic::Atom("selection".to_owned());
            naming.selections.push(("selection".to_owned(), vec![present]));
            let both = vec![name(), Logic::Not(Box::new(name()))];
            if value { Logic::Or(both) } else { Logic::And(both) }
        }
        Logic::And(parts) => naming.conjunction(parts),
        other => naming.conjunction(vec![other]),
    };
    Detection { selections: naming.selections, condition }
}

/// What a selection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// All that must be there.
    Main,
    /// One of several that may be there.
    Alternative,
    /// What must not be there.
    Filter,
}

#[derive(Default)]
struct Naming {
    selections: Vec<(String, Vec<Item>)>,
}

impl Naming {
    /// The parts that must all hold: the plain tests in one selection, each negation as a filter of its own.
    fn conjunction(&mut self, parts: Vec<Logic<Item>>) -> Logic<String> {
        let (items, rest) = split(parts);
        let mut all = self.select(items, Role::Main);
        for part in rest {
            match part {
                Logic::Not(inner) => match *inner {
                    Logic::Or(parts) => {
                        all.extend(parts.into_iter().map(|part| Logic::not(self.walk(part, Role::Filter))));
                    }
                    inner => all.push(Logic::not(self.walk(inner, Role::Filter))),
                },
                other => all.push(self.walk(other, Role::Alternative)),
            }
        }
        Logic::and(all)
    }

    fn walk(&mut self, condition: Logic<Item>, role: Role) -> Logic<String> {
        match condition {
            Logic::Const(value) => Logic::Const(value),
            Logic::Atom(item) => Logic::and(self.select(vec![item], role)),
            Logic::And(parts) => {
                let (items, rest) = split(parts);
                let mut all = self.select(items, role);
                all.extend(rest.into_iter().map(|part| self.walk(part, role)));
                Logic::and(all)
            }
            Logic::Or(parts) => Logic::or(parts.into_iter().map(|part| self.walk(part, role)).collect::<Vec<_>>()),
            Logic::Not(inner) => {
                let inside = if role == Role::Filter { Role::Alternative } else { Role::Filter };
                Logic::not(self.walk(*inner, inside))
            }
        }
    }

    /// Puts the items into selections: one, unless two of them have the same key, which a map cannot hold twice.
    fn select(&mut self, items: Vec<Item>, role: Role) -> Vec<Logic<String>> {
        let mut groups: Vec<Vec<Item>> = Vec::new();
        for item in items {
            if groups.iter().flatten().any(|other| *other == item) {
                continue;
            }
            let fits = |group: &&mut Vec<Item>| group.iter().all(|other| item_key(other) != item_key(&item));
            match groups.iter_mut().find(fits) {
                Some(group) => group.push(item),
                None => groups.push(vec![item]),
            }
        }
        groups.into_iter().map(|group| Logic::Atom(self.name(group, role))).collect()
    }

    /// The name of a selection of these items, new unless there is one.
    fn name(&mut self, items: Vec<Item>, role: Role) -> String {
        if let Some((name, _)) = self.selections.iter().find(|(_, known)| *known == items) {
            return name.clone();
        }
        let meaning = items.first().map(|item| item.meaning.as_str()).unwrap_or_default();
        let base = match role {
            Role::Main => "selection".to_owned(),
            Role::Alternative => format!("selection_{meaning}"),
            Role::Filter => format!("filter_main_{meaning}"),
        };
        let taken = |name: &String| self.selections.iter().any(|(known, _)| known == name);
        let numbered = (2..).map(|n| format!("{base}_{n}"));
        let name = std::iter::once(base.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or_default();
        self.selections.push((name.clone(), items));
        name
    }
}

/// The plain tests among the parts, and the rest.
fn split(parts: Vec<Logic<Item>>) -> (Vec<Item>, Vec<Logic<Item>>) {
    let (mut items, mut rest) = (Vec::new(), Vec::new());
    for part in parts {
        match part {
            Logic::Atom(item) => items.push(item),
            other => rest.push(other),
        }
    }
    (items, rest)
}

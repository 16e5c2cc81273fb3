//! State by key, forgotten when it is too old.

use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;

use super::row::{Place, Row};
use super::value::Value;

/// One value of each key component.
pub type Key = Rc<[Value]>;

/// The keys of a row: one for every choice of values of the key's components; none if a component is missing.
pub fn keys(row: &Row, places: &[Place]) -> Vec<Key> {
    if places.iter().all(|place| row.values(place).len() == 1) {
        return vec![places.iter().flat_map(|place| row.values(place)).cloned().collect()];
    }
    let columns: Vec<&[Value]> = places.iter().map(|place| row.values(place)).collect();
    choices(&columns).into_iter().map(|choice| choice.into_iter().cloned().collect()).collect()
}

/// Every choice of one value from each column, the first of equal values only.
pub fn choices<'v, T: PartialEq>(columns: &[&'v [T]]) -> Vec<Vec<&'v T>> {
    let mut all = vec![Vec::with_capacity(columns.len())];
    for column in columns {
        let mut different: Vec<&T> = Vec::with_capacity(column.len());
        for value in *column {
            if !different.contains(&value) {
                different.push(value);
            }
        }
        if let [value] = different.as_slice() {
            all.iter_mut().for_each(|choice| choice.push(*value));
        } else {
            let longer = |choice: Vec<&'v T>| {
                different.iter().map(move |value| choice.iter().copied().chain([*value]).collect()).collect::<Vec<_>>()
            };
            all = all.into_iter().flat_map(longer).collect();
        }
    }
    all
}

/// The least number of additions between two sweeps.
const SWEEP: usize = 1024;

/// State by key. It is swept whenever as much was added as the last sweep left: so sweeping costs a constant time an
/// addition, and never more than twice what is needed is held.
#[derive(Debug)]
pub struct Buckets<K, S> {
    map: HashMap<K, S>,
    added: usize,
    left: usize,
}

impl<K, S> Default for Buckets<K, S> {
    fn default() -> Self {
        Self { map: HashMap::new(), added: 0, left: 0 }
    }
}

impl<K: Hash + Eq + Clone, S> Buckets<K, S> {
    /// The state of a key that something is added to.
    pub fn add(&mut self, key: &K, new: impl FnOnce() -> S) -> &mut S {
        self.added += 1;
        self.map.entry(key.clone()).or_insert_with(new)
    }

    /// The state of a key, if there is any.
    pub fn get(&mut self, key: &K) -> Option<&mut S> {
        self.map.get_mut(key)
    }

    /// If it is time: prunes every state; `prune` tells how much is left of one, and one without anything is dropped.
    pub fn sweep(&mut self, mut prune: impl FnMut(&mut S) -> usize) {
        if self.added < self.left.max(SWEEP) {
            return;
        }
        let mut left = 0;
        self.map.retain(|_, state| {
            let kept = prune(state);
            left += kept;
            kept > 0
        });
        if self.map.len() < self.map.capacity() / 4 {
            self.map.shrink_to_fit();
        }
        (self.added, self.left) = (0, left);
    }
}

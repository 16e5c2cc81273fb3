//! From a line of JSON to a [`Record`]: only the fields that some detection needs are read, everything else is passed over.
//!
//! Once the class is known, only that class's fields are read; it is best known at the start. It may stand anywhere,
//! though, and of members with the same name the last one counts.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::EventError;
use super::record::{Record, Slot, Token};
use super::value::{Reads, Scalar};

/// The slot of the event's class.
pub const CLASS: Slot = 0;
/// The slot of the event's time.
pub const TIME: Slot = 1;

/// The fields that every event has.
const BASE: [(&str, Reads); 2] = [("class", Reads::Word), ("@timestamp", Reads::Datetime)];

/// Which fields of which class go to which slot.
#[derive(Debug)]
pub struct Schema {
    slots: BTreeMap<(String, Reads), Slot>,
    classes: BTreeMap<String, Vec<(String, Reads)>>,
}

impl Schema {
    /// A schema without any class: just the class and the time of an event.
    pub fn new() -> Self {
        let slots = BASE.into_iter().zip([CLASS, TIME]).map(|((name, reads), slot)| ((name.to_owned(), reads), slot));
        Self { slots: slots.collect(), classes: BTreeMap::new() }
    }

    /// Makes a class known.
    pub fn class(&mut self, class: &str) {
        self.classes.entry(class.to_owned()).or_default();
    }

    /// The slot of a class's field, by its dotted name.
    pub fn slot(&mut self, class: &str, name: &str, reads: Reads) -> Slot {
        let field = (name.to_owned(), reads);
        let next = self.slots.len();
        let slot = *self.slots.entry(field.clone()).or_insert(next);
        let fields = self.classes.entry(class.to_owned()).or_default();
        if !fields.contains(&field) {
            fields.push(field);
        }
        slot
    }

    /// How each slot's values are read.
    fn reads(&self) -> Vec<Reads> {
        let mut all: Vec<_> = self.slots.iter().map(|((_, reads), slot)| (*slot, *reads)).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, reads)| reads).collect()
    }
}

/// A member of an object, and what is needed below it.
#[derive(Debug, Default)]
struct Node {
    members: Vec<(Box<str>, usize)>,
    slots: Vec<Slot>,
    /// The slots of this node and of everything below.
    all: Vec<Slot>,
    /// The classes whose events need something of it.
    classes: Classes,
}

/// A set of classes, by number. From the 64th on all count as one: more is then read than is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Classes(u64);

impl Classes {
    /// Every class, those that no detection uses included.
    const ALL: Self = Self(u64::MAX);

    const fn one(number: usize) -> Self {
        Self(1 << if number < 63 { number } else { 63 })
    }

    const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn meet(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Reads lines.
#[derive(Debug)]
pub struct Decoder {
    nodes: Vec<Node>,
    classes: Vec<Box<str>>,
    state: State,
}

/// The node of the line's object.
const ROOT: usize = 0;
/// The node of its class.
const CLASS_NODE: usize = 1;

/// What reading a line changes.
#[derive(Debug)]
struct State {
    record: Record,
    /// By node: the last object that had it as a member.
    seen: Vec<u64>,
    /// How many objects were read.
    objects: u64,
    /// How many lists stand around the current value.
    lists: usize,
}

impl Decoder {
    /// A reader of the schema's fields.
    pub fn new(schema: &Schema) -> Self {
        let mut nodes = vec![Node { classes: Classes::ALL, ..Node::default() }];
        for ((name, _), slot) in BASE.iter().zip([CLASS, TIME]) {
            insert(&mut nodes, name, slot, Classes::ALL);
        }
        for (number, fields) in schema.classes.values().enumerate() {
            for field in fields {
                if let Some(slot) = schema.slots.get(field) {
                    insert(&mut nodes, &field.0, *slot, Classes::one(number));
                }
            }
        }
        let state = State { record: Record::new(schema.reads()), seen: vec![0; nodes.len()], objects: 0, lists: 0 };
        Self { nodes, classes: schema.classes.keys().map(|name| name.as_str().into()).collect(), state }
    }

    /// Reads a line. The record holds until the next line is read. With it comes the number of its class among those of the
    /// schema, in the order of their names; there is no such number for other classes.
    ///
    /// # Errors
    /// The line is not UTF-8, not JSON, or no object.
    pub fn read(&mut self, line: &[u8]) -> Result<(&Record, usize), EventError> {
        let text = std::str::from_utf8(line).map_err(|e| EventError::Encoding { column: e.valid_up_to() + 1 })?;
        if !text.trim_ascii_start().starts_with('{') {
            let any: Result<IgnoredAny, _> = serde_json::from_str(text);
            return Err(any.map_or_else(|e| json_error(&e), |_| EventError::NotAnObject));
        }
        let class = match self.pass(text, true)? {
            Some(class) => class,
            None => self.pass(text, false)?.unwrap_or_default(),
        };
        Ok((&self.state.record, class))
    }

    /// Reads the line's object and gives its class; none if fields were left out for a class that was not the last one.
    fn pass(&mut self, text: &str, may_narrow: bool) -> Result<Option<usize>, EventError> {
        self.state.record.clear();
        self.state.lists = 0;
        let mut json = serde_json::Deserializer::from_str(text);
        let needs = Needs { nodes: &self.nodes, wanted: Classes::ALL };
        let line = Line { needs, classes: &self.classes, may_narrow, state: &mut self.state };
        let class = (&mut json).deserialize_map(line).map_err(|e| json_error(&e))?;
        json.end().map_err(|e| json_error(&e))?;
        Ok(class)
    }
}

/// Adds a dotted name.
fn insert(nodes: &mut Vec<Node>, name: &str, slot: Slot, classes: Classes) {
    let mut at = ROOT;
    for part in name.split('.') {
        let next = nodes.len();
        let Some(node) = nodes.get_mut(at) else { return };
        node.all.push(slot);
        at = match node.members.iter().find(|(member, _)| **member == *part) {
            Some((_, child)) => *child,
            None => {
                node.members.push((part.into(), next));
                nodes.push(Node::default());
                next
            }
        };
        if let Some(node) = nodes.get_mut(at) {
            node.classes = node.classes.union(classes);
        }
    }
    if let Some(node) = nodes.get_mut(at)
        && !node.slots.contains(&slot)
    {
        node.all.push(slot);
        node.slots.push(slot);
    }
}

fn json_error(error: &serde_json::Error) -> EventError {
    let text = error.to_string();
    let reason = text.split(" at line ").next().unwrap_or_default().to_owned();
    EventError::Json { column: error.column(), reason }
}

/// What is read.
#[derive(Clone, Copy)]
struct Needs<'d> {
    nodes: &'d [Node],
    /// The fields of these classes.
    wanted: Classes,
}

impl<'d> Needs<'d> {
    /// The node of this number, if anything of it is needed.
    fn node(self, number: usize) -> Option<&'d Node> {
        self.nodes.get(number).filter(|node| node.classes.meet(self.wanted))
    }
}

/// The line's object. Gives what [`Decoder::pass`] does.
struct Line<'d> {
    needs: Needs<'d>,
    classes: &'d [Box<str>],
    may_narrow: bool,
    state: &'d mut State,
}

impl<'de> Visitor<'de> for Line<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<usize>, A::Error> {
        let Self { mut needs, classes, may_narrow, state } = self;
        state.objects += 1;
        let object = state.objects;
        let mut class = classes.len();
        while let Some(member) = map.next_key_seed(Key { needs, object: needs.node(ROOT) })? {
            read_member(needs, state, &mut map, member, object, None)?;
            if member == Some(CLASS_NODE) {
                if needs.wanted != Classes::ALL {
                    // The fields so far were chosen by another class.
                    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                    return Ok(None);
                }
                let name = state.record.single(CLASS);
                class = classes.iter().position(|class| name == Some(Scalar::Text(class))).unwrap_or(classes.len());
                if may_narrow {
                    needs.wanted = Classes::one(class);
                }
            }
        }
        Ok(Some(class))
    }
}

/// Reads the value of a member into its slots. If the object had that member before, the earlier one is forgotten.
fn read_member<'de, A: MapAccess<'de>>(
    needs: Needs<'_>,
    state: &mut State,
    map: &mut A,
    member: Option<usize>,
    object: u64,
    before: Option<&[usize]>,
) -> Result<(), A::Error> {
    let Some((index, node)) = member.and_then(|index| Some((index, needs.nodes.get(index)?))) else {
        map.next_value::<IgnoredAny>()?;
        return Ok(());
    };
    if state.seen.get(index) == Some(&object) {
        for slot in &node.all {
            let kept = before.and_then(|counts| counts.get(*slot)).copied().unwrap_or(0);
            state.record.truncate(*slot, kept);
        }
    } else if let Some(seen) = state.seen.get_mut(index) {
        *seen = object;
    }
    map.next_value_seed(Member { needs, node, state })
}

/// A member's name: its node, if anything below it is needed.
struct Key<'d> {
    needs: Needs<'d>,
    object: Option<&'d Node>,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        let member = self.object.and_then(|node| node.members.iter().find(|(member, _)| **member == *name));
        Ok(member.map(|(_, child)| *child).filter(|child| self.needs.node(*child).is_some()))
    }
}

/// The value of a needed member.
struct Member<'d> {
    needs: Needs<'d>,
    node: &'d Node,
    state: &'d mut State,
}

impl Member<'_> {
    fn push(self, token: Token<'_>) {
        for slot in &self.node.slots {
            self.state.record.push(*slot, token);
        }
    }
}

impl<'de> DeserializeSeed<'de> for Member<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Member<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.push(Token::Text(text));
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.push(Token::Bool(value));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.push(Token::Int(value));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        #[expect(clippy::cast_precision_loss, reason = "past 64 bits only a double can hold it")]
        self.push(i64::try_from(value).map_or(Token::Float(value as f64), Token::Int));
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.push(Token::Float(value));
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Self { needs, node, state } = self;
        state.lists += 1;
        while seq.next_element_seed(Member { needs, node, state: &mut *state })?.is_some() {}
        state.lists -= 1;
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { needs, node, state } = self;
        if node.members.is_empty() {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        state.objects += 1;
        let object = state.objects;
        // In a list, what earlier members of the list gave must outlast a name that comes twice in this one.
        let before = (state.lists > 0).then(|| counts(&state.record, &node.all));
        while let Some(member) = map.next_key_seed(Key { needs, object: Some(node) })? {
            read_member(needs, state, &mut map, member, object, before.as_deref())?;
        }
        Ok(())
    }
}

/// How many scalars these slots hold; indexed by slot.
fn counts(record: &Record, slots: &[Slot]) -> Vec<usize> {
    let mut counts = vec![0; slots.iter().max().map_or(0, |most| most + 1)];
    for slot in slots {
        if let Some(count) = counts.get_mut(*slot) {
            *count = record.count(*slot);
        }
    }
    counts
}

//! From a line of JSON to a [`Record`]: only the fields that some detection needs are read, everything else is skipped.
//!
//! Where the class is a line's first member, as it usually is, only that class's fields are read from there on. It may
//! stand anywhere, though, and of members with the same name the last one counts.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::EventError;
use super::record::{Record, Slot, Token};
use super::value::Reads;

/// The slot of the event's class.
pub const CLASS: Slot = 0;
/// The slot of the event's time.
pub const TIME: Slot = 1;

/// Which fields of which class go to which slot.
#[derive(Debug)]
pub struct Schema {
    slots: BTreeMap<(String, Reads), Slot>,
    classes: BTreeMap<String, Vec<(String, Reads)>>,
}

impl Schema {
    /// A schema without any class: just the class and the time of an event.
    pub fn new() -> Self {
        let slots = [(("class".to_owned(), Reads::Word), CLASS), (("@timestamp".to_owned(), Reads::Datetime), TIME)];
        Self { slots: slots.into(), classes: BTreeMap::new() }
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

    /// How many slots there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }
}

/// A member of an object, and what is needed below it.
#[derive(Debug, Default)]
struct Node {
    members: Vec<(Box<str>, usize)>,
    slots: Vec<(Slot, Reads)>,
    /// The slots of this node and of everything below.
    all: Vec<Slot>,
}

/// Reads lines.
#[derive(Debug)]
pub struct Decoder {
    nodes: Vec<Node>,
    /// The root for lines whose class is not known yet: the fields of every class.
    any: usize,
    /// The root by class.
    classes: BTreeMap<Box<str>, usize>,
    /// The root for other classes.
    other: usize,
    state: State,
}

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
        let mut nodes = Vec::new();
        let base = || [("class", Reads::Word), ("@timestamp", Reads::Datetime)].map(|(n, r)| (n.to_owned(), r));
        let mut root = |fields: &[(String, Reads)]| {
            let root = nodes.len();
            nodes.push(Node::default());
            for field in base().iter().chain(fields) {
                if let Some(slot) = schema.slots.get(field) {
                    insert(&mut nodes, root, &field.0, (*slot, field.1));
                }
            }
            root
        };
        let any = root(&schema.classes.values().flatten().cloned().collect::<Vec<_>>());
        let other = root(&[]);
        let classes = schema.classes.iter().map(|(name, fields)| (Box::from(name.as_str()), root(fields))).collect();
        let state = State { record: Record::new(schema.len()), seen: vec![0; nodes.len()], objects: 0, lists: 0 };
        Self { nodes, any, classes, other, state }
    }

    /// Reads a line. The record holds until the next line is read.
    ///
    /// # Errors
    /// The line is not UTF-8, not JSON, or no object.
    pub fn read(&mut self, line: &[u8]) -> Result<&Record, EventError> {
        let text = std::str::from_utf8(line).map_err(|e| EventError::Encoding { column: e.valid_up_to() + 1 })?;
        if !text.trim_ascii_start().starts_with('{') {
            let any: Result<IgnoredAny, _> = serde_json::from_str(text);
            return Err(any.map_or_else(|e| json_error(&e), |_| EventError::NotAnObject));
        }
        let narrowed = self.pass(text, Start::Narrow)?;
        if narrowed && self.state.record.count(CLASS) != 1 {
            // A second `class` came after the fields had been chosen by the first one.
            self.pass(text, Start::Wide)?;
        }
        Ok(&self.state.record)
    }

    /// Reads the line's object; whether its fields were narrowed to those of one class.
    fn pass(&mut self, text: &str, start: Start) -> Result<bool, EventError> {
        self.state.record.clear();
        self.state.lists = 0;
        let mut json = serde_json::Deserializer::from_str(text);
        let root = Root { nodes: &self.nodes, classes: &self.classes, other: self.other, any: self.any, start };
        let narrowed = (&mut json).deserialize_map(RootVisitor { root, state: &mut self.state });
        let narrowed = narrowed.map_err(|e| json_error(&e))?;
        json.end().map_err(|e| json_error(&e))?;
        Ok(narrowed)
    }
}

/// Adds a dotted name below a root.
fn insert(nodes: &mut Vec<Node>, root: usize, name: &str, slot: (Slot, Reads)) {
    let mut at = root;
    for part in name.split('.') {
        let next = nodes.len();
        let Some(node) = nodes.get_mut(at) else { return };
        node.all.push(slot.0);
        at = match node.members.iter().find(|(member, _)| **member == *part) {
            Some((_, child)) => *child,
            None => {
                node.members.push((part.into(), next));
                nodes.push(Node::default());
                next
            }
        };
    }
    if let Some(node) = nodes.get_mut(at)
        && !node.slots.contains(&slot)
    {
        node.all.push(slot.0);
        node.slots.push(slot);
    }
}

fn json_error(error: &serde_json::Error) -> EventError {
    let text = error.to_string();
    let reason = text.split(" at line ").next().unwrap_or_default().to_owned();
    EventError::Json { column: error.column(), reason }
}

/// Whether the first member may narrow the fields to its class's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    Narrow,
    Wide,
}

#[derive(Clone, Copy)]
struct Root<'d> {
    nodes: &'d [Node],
    classes: &'d BTreeMap<Box<str>, usize>,
    other: usize,
    any: usize,
    start: Start,
}

/// The line's object. Gives whether its fields were narrowed.
struct RootVisitor<'d> {
    root: Root<'d>,
    state: &'d mut State,
}

impl<'de> Visitor<'de> for RootVisitor<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let Self { root, state } = self;
        state.objects += 1;
        let object = state.objects;
        let mut at = root.any;
        let mut narrowed = false;
        let mut first = root.start == Start::Narrow;
        while let Some(member) = map.next_key_seed(Key(root.nodes.get(at)))? {
            read_member(root.nodes, state, &mut map, member, object, None)?;
            if std::mem::take(&mut first)
                && let Some(super::value::Scalar::Text(class)) = state.record.single(CLASS)
            {
                at = root.classes.get(class).copied().unwrap_or(root.other);
                narrowed = true;
            }
        }
        Ok(narrowed)
    }
}

/// Reads the value of a member into its slots. If the object had that member before, the earlier one is forgotten.
fn read_member<'de, A: MapAccess<'de>>(
    nodes: &[Node],
    state: &mut State,
    map: &mut A,
    member: Option<usize>,
    object: u64,
    before: Option<&[usize]>,
) -> Result<(), A::Error> {
    let Some((index, node)) = member.and_then(|index| Some((index, nodes.get(index)?))) else {
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
    map.next_value_seed(Member { nodes, node, state })
}

/// A member's name: its node, if anything below it is needed.
struct Key<'d>(Option<&'d Node>);

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
        Ok(self.0.and_then(|node| node.members.iter().find(|(member, _)| **member == *name)).map(|(_, child)| *child))
    }
}

/// The value of a needed member.
struct Member<'d> {
    nodes: &'d [Node],
    node: &'d Node,
    state: &'d mut State,
}

impl Member<'_> {
    fn push(self, token: Token<'_>) {
        for (slot, reads) in &self.node.slots {
            self.state.record.push(*slot, *reads, token);
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
        let Self { nodes, node, state } = self;
        state.lists += 1;
        while seq.next_element_seed(Member { nodes, node, state: &mut *state })?.is_some() {}
        state.lists -= 1;
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { nodes, node, state } = self;
        if node.members.is_empty() {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        state.objects += 1;
        let object = state.objects;
        // In a list, what earlier members of the list gave must outlast a name that comes twice in this one.
        let before = (state.lists > 0).then(|| counts(&state.record, &node.all));
        while let Some(member) = map.next_key_seed(Key(Some(node)))? {
            read_member(nodes, state, &mut map, member, object, before.as_deref())?;
        }
        Ok(())
    }
}

/// How many values these slots have; indexed by slot.
fn counts(record: &Record, slots: &[Slot]) -> Vec<usize> {
    let mut counts = vec![0; slots.iter().max().map_or(0, |most| most + 1)];
    for slot in slots {
        if let Some(count) = counts.get_mut(*slot) {
            *count = record.count(*slot);
        }
    }
    counts
}

//! The streaming evaluator against the definition, over random patterns and events.

use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use super::build::*;
use super::definition::{self, Seen};
use crate::plan::*;

/// Decisions taken from random bytes, so that a failing case shrinks with them; 0 when they run out.
struct Dice<'b> {
    bytes: std::slice::Iter<'b, u8>,
}

impl Dice<'_> {
    fn below(&mut self, n: usize) -> usize {
        usize::from(self.bytes.next().copied().unwrap_or(0)) % n
    }

    fn among<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }

    fn percent(&mut self, chance: usize) -> bool {
        self.below(100) >= 100 - chance
    }
}

const WINDOWS: [i64; 4] = [1000, 2000, 3000, 5000];

/// A pattern of at most so many names, and the names so far.
fn random_pattern(dice: &mut Dice<'_>, depth: usize, names: &mut Vec<String>) -> Pattern {
    let form = if depth == 0 || names.len() >= 4 { dice.below(2) * 7 } else { dice.below(9) };
    let window = dice.among(&WINDOWS);
    match form {
        1..=4 => {
            let count = if names.is_empty() && dice.percent(30) { 3 } else { 2 };
            let operands: Vec<Pattern> = (0..count).map(|_| random_pattern(dice, depth - 1, names)).collect();
            let keys = random_keys(dice, &operands);
            if form < 3 { then(operands, window, keys) } else { with(operands, window, keys) }
        }
        5 | 6 | 8 => {
            let kept = random_pattern(dice, depth - 1, names);
            let absent = random_pattern(dice, depth - 1, names);
            let keys = random_keys(dice, &[kept.clone(), absent.clone()]);
            if form == 5 { not_followed(kept, absent, window, keys) } else { not_preceded(kept, absent, window, keys) }
        }
        7 => {
            let event = name(dice, names);
            let keys = (0..=dice.below(2)).map(|_| column(event, key_field(dice))).collect();
            let condition = random_having(dice);
            grouped(event, keys, window, condition, &[("total", Aggregate::Max(number()))])
        }
        _ => one(name(dice, names)),
    }
}

/// A new name, whose events may be those of another name too.
fn name(dice: &mut Dice<'_>, names: &mut Vec<String>) -> usize {
    names.push(dice.among(&["A", "B", "C"]).to_owned());
    names.len() - 1
}

fn number() -> Field {
    field("n", list(Type::Float))
}

fn key_field(dice: &mut Dice<'_>) -> Field {
    dice.among(&[text("k"), text("k"), text("j"), field("l", list(Type::String))])
}

fn random_keys(dice: &mut Dice<'_>, operands: &[Pattern]) -> Vec<Key> {
    (0..=dice.below(4) / 3)
        .map(|_| {
            let same = dice.percent(60).then(|| key_field(dice));
            key(operands.iter().map(|operand| {
                let event = dice.among(&operand.row_events());
                column(event.0, same.clone().unwrap_or_else(|| key_field(dice)))
            }))
        })
        .collect()
}

fn random_having(dice: &mut Dice<'_>) -> Having {
    let aggregate = dice.among(&[
        Aggregate::Count,
        Aggregate::Count,
        Aggregate::Distinct(field("l", list(Type::String))),
        Aggregate::Sum(number()),
        Aggregate::Min(number()),
        Aggregate::Max(number()),
        Aggregate::Avg(number()),
    ]);
    let ty = if aggregate.field().is_some_and(|f| f.ty.is_number()) { Type::Float } else { Type::Int };
    let op = dice.among(&[Order::Ge, Order::Gt, Order::Le, Order::Eq]);
    let condition = having(aggregate, ty, op, Value::Int(dice.below(4) as i64));
    if dice.percent(20) { Logic::not(condition) } else { condition }
}

fn random_detection(dice: &mut Dice<'_>) -> Detection {
    let mut names = Vec::new();
    let pattern = random_pattern(dice, 3, &mut names);
    let bound = pattern.row_events();
    let entity = (0..=dice.below(3)).map(|_| {
        let event = dice.among(&bound);
        let grouped = matches!(&pattern.kind, PatternKind::Grouped(_));
        if grouped && dice.percent(30) {
            return Column { event, value: ColumnValue::Aggregate("total".to_owned()) };
        }
        column(event.0, dice.among(&[text("k"), text("j"), field("l", list(Type::String)), text("m")]))
    });
    let mut entity: Vec<Column> = entity.collect();
    entity.dedup();
    let suppress = dice.among(&[None, Some(0), Some(1000), Some(2500)]);
    let events = names.iter().map(|name| event(name)).collect();
    detection(events, pattern, entity, suppress)
}

fn random_events(dice: &mut Dice<'_>, slack: i64) -> Vec<Seen> {
    let span = dice.among(&[2, 4, 9]);
    let mut events: Vec<(i64, i64, Json)> = (0..dice.below(9) + 1)
        .map(|_| {
            let time = dice.below(span) as i64 * 1000 + dice.among(&[0, 0, 0, 1, 999]);
            (time, time + dice.below(4) as i64 * slack / 3, random_fields(dice))
        })
        .collect();
    if dice.percent(30) {
        events.push(events[0].clone());
    }
    // An event stands at most `slack` after one that is later.
    events.sort_by_key(|(_, place, _)| *place);
    (1..).zip(events).map(|(line, (time, _, json))| Seen { time, line, json }).collect()
}

fn random_fields(dice: &mut Dice<'_>) -> Json {
    let mut fields = Map::new();
    let overlap = dice.percent(30);
    for flag in ["A", "B", "C"] {
        if dice.percent(if overlap { 60 } else { 34 }) {
            fields.insert(flag.to_owned(), Json::Bool(true));
        }
    }
    for name in ["k", "j", "m"] {
        let value = dice.among(&[json!("a"), json!("a"), json!("a"), json!("a"), json!("A"), json!("b"), json!("")]);
        fields.insert(name.to_owned(), value);
    }
    let values = dice.among(&[json!("a"), json!(["a", "b"]), json!(["b", "a", "b", ""]), json!([]), json!(["c", "a"])]);
    fields.insert("l".to_owned(), values);
    fields.insert("n".to_owned(), dice.among(&[json!(1), json!(2.5), json!([1, 2]), Json::Null, json!([0, -1, null])]));
    Json::Object(fields)
}

/// Both evaluators on one case: alerts in order, but for several tuples of one row.
fn agree(bytes: &[u8], slack: Option<i64>) -> Result<(), TestCaseError> {
    let mut dice = Dice { bytes: bytes.iter() };
    let detection = random_detection(&mut dice);
    let events = random_events(&mut dice, slack.unwrap_or(20_000));
    let expected = sorted(definition::alerts(&detection, &events));
    let lines: Vec<String> = events.iter().map(|event| at(event.time, "", event.json.clone())).collect();
    let (found, errors) = run(&strategy(vec![detection.clone()]), &lines, slack);
    prop_assert!(errors.is_empty(), "{errors:?} in {lines:#?}");
    prop_assert!(found.is_sorted_by_key(|said| said.last), "alerts of a detection come in row order: {found:?}");
    prop_assert_eq!(sorted(found), expected, "{:#?}\nby {:?}\nover {:#?}", detection.pattern, detection.entity, lines);
    Ok(())
}

fn sorted(mut alerts: Vec<Said>) -> Vec<Said> {
    alerts.sort_by_key(|said| (said.last, said.lines.clone(), format!("{:?}", said.entity)));
    alerts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_lines_gives_the_alerts_of_the_definition(bytes in prop::collection::vec(any::<u8>(), 300)) {
        agree(&bytes, None)?;
    }

    #[test]
    fn streaming_within_a_slack_gives_the_alerts_of_the_definition(bytes in prop::collection::vec(any::<u8>(), 300)) {
        agree(&bytes, Some(2500))?;
    }

    #[test]
    fn streaming_in_order_gives_the_alerts_of_the_definition(bytes in prop::collection::vec(any::<u8>(), 300)) {
        agree(&bytes, Some(0))?;
    }
}

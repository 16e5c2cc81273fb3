//! Random files that are of the language, for the tests of this folder: tokens of random forms, with random blanks and
//! comments between them.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// The tokens of a form, in order.
type Tokens = Vec<String>;

/// A file.
pub(super) fn file() -> BoxedStrategy<String> {
    let module = prop_oneof![Just(Tokens::new()), Just(words("module sample"))];
    (module, vec(item(3), 0..6)).prop_flat_map(|(module, items)| spaced(joined(vec![module, items.concat()]))).boxed()
}

/// Tokens with blanks, line ends and comments between. Documentation always ends its line.
fn spaced(tokens: Tokens) -> BoxedStrategy<String> {
    let gap = prop_oneof![
        20 => Just(" ".to_owned()),
        3 => Just("\n".to_owned()),
        1 => Just("\n\n\n  ".to_owned()),
        1 => (0..1000_u32).prop_map(|n| format!(" // c{n}\n")),
        1 => (0..1000_u32).prop_map(|n| format!("\n\n// own {n}\n \n//// and {n}\n")),
    ];
    vec(gap, tokens.len() + 1)
        .prop_map(move |gaps| {
            let mut text = gaps.first().cloned().unwrap_or_default();
            for (token, gap) in tokens.iter().zip(gaps.iter().skip(1)) {
                text += token;
                text += if token.starts_with("///") { "\n" } else { gap };
            }
            text
        })
        .boxed()
}

fn words(text: &str) -> Tokens {
    text.split_whitespace().map(str::to_owned).collect()
}

fn joined(parts: Vec<Tokens>) -> Tokens {
    parts.concat()
}

/// Entries with a mark between them.
fn separated(entries: Vec<Tokens>, mark: &str) -> Tokens {
    let mut tokens = Tokens::new();
    for (at, entry) in entries.into_iter().enumerate() {
        if at > 0 {
            tokens.push(mark.to_owned());
        }
        tokens.extend(entry);
    }
    tokens
}

fn bracketed(open: &str, entries: Vec<Tokens>, close: &str, trailing: bool) -> Tokens {
    let comma = if trailing && !entries.is_empty() { words(",") } else { Tokens::new() };
    joined(vec![words(open), separated(entries, ","), comma, words(close)])
}

fn one_of(choices: &'static [&'static str]) -> BoxedStrategy<Tokens> {
    select(choices).prop_map(|text| vec![text.to_owned()]).boxed()
}

fn name() -> BoxedStrategy<Tokens> {
    one_of(&["x", "load", "AN1", "Allowed", "long_name_that_takes_up_room_on_its_line"])
}

fn field() -> BoxedStrategy<Tokens> {
    one_of(&["host.name", "@timestamp", "a.@timestamp", "std::lists::x", "event.action", "in.by", "message"])
}

fn string() -> BoxedStrategy<Tokens> {
    one_of(&[
        r#""""#,
        r#""a \"b\" \\ \n \u{1F600}""#,
        r#"r"C:\x\""#,
        r##"r#"say "//" \ "#"##,
        "\"a text that is long enough to make any line that holds it and one or two others break somewhere\"",
    ])
}

fn number() -> BoxedStrategy<Tokens> {
    one_of(&["0", "1_000", "3.5", "10s", "1h30m", "9223372036854775807"])
}

fn expr(depth: u32) -> BoxedStrategy<Tokens> {
    let leaf = prop_oneof![name(), field(), string(), number(), one_of(&["true", "false"])];
    leaf.prop_recursive(depth, 24, 4, |inner| {
        let entry = (inner.clone(), prop::option::of(number()), prop::option::of(string()));
        let entry = entry.prop_map(|(value, high, label)| match (high, label) {
            (Some(high), label) => joined(vec![value, words(".."), high, label.unwrap_or_default()]),
            (None, Some(label)) if value.len() == 1 && value[0].starts_with(|c: char| c.is_ascii_digit()) => {
                joined(vec![value, label])
            }
            (None, _) => value,
        });
        let call = (field(), vec(inner.clone(), 0..3), any::<bool>(), prop::option::of(name()));
        let record = vec((name(), inner.clone()), 0..3);
        prop_oneof![
            inner.clone().prop_map(|inner| joined(vec![words("("), inner, words(")")])),
            (vec(entry, 0..5), any::<bool>()).prop_map(|(entries, trailing)| bracketed("[", entries, "]", trailing)),
            (record, any::<bool>()).prop_map(|(entries, trailing)| {
                let entries = entries.into_iter().map(|(name, value)| joined(vec![name, words(":"), value]));
                bracketed("{", entries.collect(), "}", trailing)
            }),
            call.prop_map(|(name, arguments, trailing, alias)| {
                let alias = alias.map(|alias| joined(vec![words("as"), alias])).unwrap_or_default();
                joined(vec![name, bracketed("(", arguments, ")", trailing), alias])
            }),
            (one_of(&["exists", "missing"]), field()).prop_map(|(word, field)| joined(vec![word, field])),
            inner.clone().prop_map(|inner| joined(vec![words("- ("), inner, words(")")])),
            inner.clone().prop_map(|inner| joined(vec![words("not ("), inner, words(")")])),
            (vec(inner.clone(), 2..7), select(vec!["and", "or"]))
                .prop_map(|(terms, op)| { separated(terms.into_iter().map(closed).collect(), op) }),
            (inner.clone(), operator(), inner.clone())
                .prop_map(|(left, op, right)| { joined(vec![closed(left), op, closed(right)]) }),
            (inner.clone(), one_of(&["+", "-", "*", "/"]), inner)
                .prop_map(|(left, op, right)| { joined(vec![closed(left), op, closed(right)]) }),
        ]
    })
    .boxed()
}

/// In parentheses, unless it is one token.
fn closed(tokens: Tokens) -> Tokens {
    if tokens.len() == 1 { tokens } else { joined(vec![words("("), tokens, words(")")]) }
}

fn operator() -> BoxedStrategy<Tokens> {
    select(vec!["==", "!=", "<", "cased in", "like", "contains", "cased endswith", "matches", "matches nocase"])
        .prop_map(words)
        .boxed()
}

fn ty() -> BoxedStrategy<Tokens> {
    let leaf = prop_oneof![one_of(&["int", "ip", "ports"]), Just(words("enum ( a | b-c | 9 )"))];
    leaf.prop_recursive(2, 6, 3, |inner| {
        let field = (docs(), name(), inner.clone(), prop::option::of(bound()), expr(1)).prop_map(
            |(docs, name, ty, bound, default)| {
                joined(vec![docs, name, words(":"), ty, bound.unwrap_or_default(), words("="), default])
            },
        );
        prop_oneof![
            inner.prop_map(|inner| joined(vec![words("list <"), inner, words(">")])),
            (vec(field, 0..3), any::<bool>())
                .prop_map(|(fields, trailing)| joined(vec![words("record"), bracketed("{", fields, "}", trailing)])),
        ]
    })
    .boxed()
}

fn bound() -> BoxedStrategy<Tokens> {
    select(vec!["in 1 .. 5", "in - 1.5 ..", "with len .. 3", "in a.b .. ( x )", "in .. -1"]).prop_map(words).boxed()
}

fn docs() -> BoxedStrategy<Tokens> {
    vec(select(vec!["/// What it is.", "///", "///  indented // not a comment"]), 0..2)
        .prop_map(|lines| lines.into_iter().map(str::to_owned).collect())
        .boxed()
}

fn keys() -> BoxedStrategy<Tokens> {
    let key = vec(field(), 1..3).prop_map(|fields| separated(fields, "="));
    vec(key, 1..5).prop_map(|keys| joined(vec![words("by"), separated(keys, ",")])).boxed()
}

fn pattern(depth: u32) -> BoxedStrategy<Tokens> {
    name()
        .prop_recursive(depth, 12, 3, |inner| {
            let operand = inner.prop_map(closed);
            let within = prop::option::of(number()).prop_map(|window| match window {
                Some(window) => joined(vec![words("within"), window]),
                None => Tokens::new(),
            });
            let tail = (within, prop_oneof![Just(Tokens::new()), keys()], any::<bool>())
                .prop_map(|(within, by, swap)| if swap { joined(vec![by, within]) } else { joined(vec![within, by]) });
            let op = select(vec!["then", "with", "not followed by", "not preceded by"]);
            prop_oneof![
                (vec(operand.clone(), 2..4), op, tail).prop_map(|(operands, op, tail)| {
                    let count = if op.starts_with("not") { 2 } else { operands.len() };
                    let mut tokens = Tokens::new();
                    for (at, operand) in operands.into_iter().take(count).enumerate() {
                        tokens.extend(if at > 0 { words(op) } else { Tokens::new() });
                        tokens.extend(operand);
                    }
                    joined(vec![tokens, tail])
                }),
                (operand.clone(), keys(), expr(2)).prop_map(|(operand, keys, having)| {
                    joined(vec![operand, words("grouped"), keys, words("over 10m having"), having])
                }),
                (operand.clone(), operand.clone(), operand, keys())
                    .prop_map(|(a, b, c, keys)| { joined(vec![a, words("then"), b, words("with"), c, keys]) }),
            ]
        })
        .boxed()
}

fn clause() -> BoxedStrategy<Tokens> {
    prop_oneof![
        string().prop_map(|text| joined(vec![words("id"), text])),
        Just(words("severity high")),
        Just(words("version 3")),
        Just(words("status deprecated")),
        pattern(3).prop_map(|pattern| joined(vec![words("pattern"), pattern])),
        vec(field(), 1..6).prop_map(|fields| joined(vec![words("entity"), separated(fields, ",")])),
        number().prop_map(|window| joined(vec![words("suppress"), window])),
        string()
            .prop_map(|reason| joined(vec![words("accept approximate on elastic , sentinel/corelight-v2"), reason])),
        string().prop_map(|text| joined(vec![words("falsepositive"), text])),
    ]
    .boxed()
}

fn block(head: &'static str, entries: Vec<Tokens>) -> Tokens {
    joined(vec![words(head), words("{"), entries.concat(), words("}")])
}

fn item(depth: u32) -> BoxedStrategy<Tokens> {
    let field_decl = (docs(), field(), ty(), any::<bool>()).prop_map(|(docs, name, ty, comma)| {
        joined(vec![docs, name, words(":"), ty, if comma { words(",") } else { Tokens::new() }])
    });
    let source = (string(), string(), vec(field(), 1..4)).prop_map(|(name, channel, classes)| {
        joined(vec![words("DC0016"), name, channel, words("->"), separated(classes, ",")])
    });
    let value = prop_oneof![string(), one_of(&["T1573.002", "command-and-control", "18.1"])];
    let param = (name(), ty()).prop_map(|(name, ty)| joined(vec![name, words(":"), ty]));
    let leaf = prop_oneof![
        (select(vec!["attack", "technique", "tactic", "reference", "author"]), vec(value, 1..4))
            .prop_map(|(word, values)| joined(vec![words(word), separated(values, ",")])),
        (name(), prop::option::of(ty()), expr(3)).prop_map(|(name, ty, value)| {
            let ty = ty.map(|ty| joined(vec![words(":"), ty])).unwrap_or_default();
            joined(vec![words("let"), name, ty, words("="), value])
        }),
        (vec(param, 0..3), any::<bool>(), expr(3)).prop_map(|(params, trailing, body)| {
            joined(vec![words("predicate p"), bracketed("(", params, ")", trailing), words("on tls::session ="), body])
        }),
        (select(vec!["mutable", "tunable"]), name(), ty(), prop::option::of(bound()), expr(2)).prop_map(
            |(word, name, ty, bound, default)| {
                joined(vec![words(word), name, words(":"), ty, bound.unwrap_or_default(), words("="), default])
            }
        ),
        (name(), prop::option::of(expr(3))).prop_map(|(name, condition)| {
            let condition = condition.map(|condition| joined(vec![words("where"), condition])).unwrap_or_default();
            joined(vec![words("event"), name, words("= library_load"), condition])
        }),
        vec(field_decl, 0..4).prop_map(|fields| block("class c", fields)),
        vec(source, 0..4).prop_map(|sources| block("sources", sources)),
        vec(clause(), 0..5).prop_map(|clauses| block("detect d", clauses)),
        vec(clause(), 0..5).prop_map(|clauses| block("detect d otherwise", clauses)),
    ];
    let kind = leaf.prop_recursive(depth, 8, 4, |inner| {
        let items = vec((docs(), inner).prop_map(|(docs, item)| joined(vec![docs, item])), 0..4);
        (select(vec!["strategy DET0543", "analytic AN1496 on windows"]), items)
            .prop_map(|(head, items)| block(head, items))
    });
    (docs(), kind).prop_map(|(docs, item)| joined(vec![docs, item])).boxed()
}

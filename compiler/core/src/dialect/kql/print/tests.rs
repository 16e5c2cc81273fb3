//! What is printed reads back as the tree it was printed from, by a reader of the same precedences.

use proptest::prelude::*;

use super::at::WIDTH;
use super::*;
use crate::dialect::kql::ast::BinaryOp;

/// An expression on one line.
fn flat(value: &Expr) -> String {
    Page::of(|out| expr(out, value))
}

/// Reads expressions of names, whole numbers, `+ - * /`, `== < =~ contains`, `and`, `or` and `not(…)`.
struct Reader {
    words: Vec<String>,
    at: usize,
}

impl Reader {
    fn read(text: &str) -> Option<Expr> {
        let spaced = text.replace('(', " ( ").replace(')', " ) ");
        let words = spaced.split_whitespace().map(str::to_owned).collect();
        let mut reader = Self { words, at: 0 };
        let whole = reader.or()?;
        (reader.at == reader.words.len()).then_some(whole)
    }

    fn peek(&self) -> &str {
        self.words.get(self.at).map_or("", String::as_str)
    }

    fn take(&mut self) -> String {
        self.at += 1;
        self.words[self.at - 1].clone()
    }

    fn or(&mut self) -> Option<Expr> {
        let mut parts = vec![self.and()?];
        while self.peek() == "or" {
            self.take();
            parts.push(self.and()?);
        }
        if parts.len() > 1 { Some(Expr::Or(parts)) } else { parts.pop() }
    }

    fn and(&mut self) -> Option<Expr> {
        let mut parts = vec![self.comparison()?];
        while self.peek() == "and" {
            self.take();
            parts.push(self.comparison()?);
        }
        if parts.len() > 1 { Some(Expr::And(parts)) } else { parts.pop() }
    }

    fn comparison(&mut self) -> Option<Expr> {
        let left = self.chain(0)?;
        let op = match self.peek() {
            "==" => BinaryOp::Equal,
            "<" => BinaryOp::Less,
            "=~" => BinaryOp::EqualNoCase,
            "contains" => BinaryOp::Contains,
            _ => return Some(left),
        };
        self.take();
        Some(Expr::binary(left, op, self.chain(0)?))
    }

    /// `+ -` at level 0, `* /` at level 1; both associate to the left.
    fn chain(&mut self, level: usize) -> Option<Expr> {
        let next = |r: &mut Self| if level == 0 { r.chain(1) } else { r.primary() };
        let mut left = next(self)?;
        loop {
            let op = match (level, self.peek()) {
                (0, "+") => BinaryOp::Add,
                (0, "-") => BinaryOp::Subtract,
                (1, "*") => BinaryOp::Multiply,
                (1, "/") => BinaryOp::Divide,
                _ => return Some(left),
            };
            self.take();
            left = Expr::binary(left, op, next(self)?);
        }
    }

    fn primary(&mut self) -> Option<Expr> {
        let word = self.take();
        match word.as_str() {
            "(" => self.closed(),
            "not" if self.peek() == "(" => {
                self.take();
                Some(Expr::Call("not", vec![self.closed()?]))
            }
            word => Some(word.parse().map_or_else(|_| Expr::name(word), Expr::Long)),
        }
    }

    fn closed(&mut self) -> Option<Expr> {
        let inner = self.or()?;
        (self.take() == ")").then_some(inner)
    }
}

fn expressions() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof!["[a-d]".prop_map(Expr::Name), (-3i64..9).prop_map(Expr::Long),];
    leaf.prop_recursive(5, 40, 3, |inner| {
        let op = prop_oneof![
            Just(BinaryOp::Equal),
            Just(BinaryOp::Less),
            Just(BinaryOp::EqualNoCase),
            Just(BinaryOp::Contains),
            Just(BinaryOp::Add),
            Just(BinaryOp::Subtract),
            Just(BinaryOp::Multiply),
            Just(BinaryOp::Divide),
        ];
        prop_oneof![
            (inner.clone(), op, inner.clone()).prop_map(|(l, op, r)| Expr::binary(l, op, r)),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Expr::and),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Expr::or),
            inner.prop_map(|e| Expr::Call("not", vec![e])),
        ]
    })
}

proptest! {
    #[test]
    fn an_expression_reads_back_as_itself(value in expressions()) {
        let flat = flat(&value);
        prop_assert_eq!(Reader::read(&flat), Some(value.clone()), "{}", flat);
        let broken = Page::of(|out| wrapped(out, &value, At::start(Layout::Full).with(100)));
        prop_assert_eq!(Reader::read(&broken), Some(value), "{}", broken);
    }
}

#[test]
fn parentheses_stand_only_where_they_change_the_meaning() {
    let name = Expr::name;
    let sum = Expr::binary(name("a"), BinaryOp::Add, name("b"));
    let product = Expr::binary(sum.clone(), BinaryOp::Multiply, name("c"));
    assert_eq!(flat(&product), "(a + b) * c");
    let compared = Expr::binary(product, BinaryOp::GreaterOrEqual, Expr::Long(-1));
    let either = Expr::Or(vec![Expr::And(vec![name("x"), compared]), name("y")]);
    assert_eq!(flat(&either), "(x and (a + b) * c >= -1) or y");
    assert_eq!(flat(&Expr::And(vec![either, name("z")])), "((x and (a + b) * c >= -1) or y) and z");
    assert_eq!(flat(&Expr::binary(Expr::Raw("a + b".into()), BinaryOp::Divide, sum)), "(a + b) / (a + b)");
}

#[test]
fn a_long_list_fills_its_lines() {
    let members = (0..12).map(|n| Expr::Text(format!("C:\\Program Files\\{n}"))).collect();
    let list = Let { comment: String::new(), name: "L".into(), value: LetValue::Scalar(Expr::List(members)) };
    let text = Page::of(|out| statement(out, &list, At::start(Layout::Full)));
    assert!(text.starts_with("let L = dynamic([\n    @\"C:\\Program Files\\0\", @\"C:"), "{text}");
    assert!(text.ends_with("@\"C:\\Program Files\\11\"\n]);\n"), "{text}");
    assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
}

#[test]
fn a_name_that_is_its_own_value_is_written_once() {
    let rows = Pipeline::of("T").then(Step::Project(vec![
        ("a".into(), Expr::name("a")),
        ("b".into(), Expr::name("c")),
        ("where".into(), Expr::name("where")),
    ]));
    assert_eq!(Page::of(|out| pipeline(out, &rows, At::start(Layout::Full))), "T\n| project a, b = c, ['where']");
}

//! Plans as short text: what a rule says, without places and without how it was written. Packs hash it, tests show it.

use super::{
    Aggregate, Arithmetic, Cidr, Column, ColumnValue, Comparison, Detection, Expr, ExprKind, Having, Key, Logic,
    Operand, Order, ParamRef, Pattern, PatternKind, Pred, Test, TestKind, TextOp, Value,
};

/// Prints plans.
#[derive(Clone, Copy)]
pub struct Printer<'a> {
    /// The text for a value, given its own and the parameter that it is the value of.
    pub value_of: &'a dyn Fn(String, &ParamRef) -> String,
}

impl Printer<'_> {
    /// A predicate.
    #[must_use]
    pub fn pred(self, p: &Pred) -> String {
        logic(p, &|t| self.test(t))
    }

    fn value(self, text: String, param: Option<&ParamRef>) -> String {
        match param {
            None => text,
            Some(param) => (self.value_of)(text, param),
        }
    }

    fn operand<T: std::fmt::Debug>(self, o: &Operand<T>) -> String {
        self.value(format!("{:?}", o.value), o.param.as_ref())
    }

    fn test(self, t: &Test) -> String {
        match &t.kind {
            TestKind::Exists(f) => format!("exists {}", f.name),
            TestKind::Text(t) => {
                let (op, values) = match &t.op {
                    TextOp::Equals(v) => ("equals", self.operand(v)),
                    TextOp::Contains(v) => ("contains", self.operand(v)),
                    TextOp::StartsWith(v) => ("startswith", self.operand(v)),
                    TextOp::EndsWith(v) => ("endswith", self.operand(v)),
                    TextOp::Like(v) => ("like", self.value(shown(&v.value), v.param.as_ref())),
                };
                format!("{}{} {op} {values}", t.field.name, if t.cased { " cased" } else { "" })
            }
            TestKind::Matches { field, patterns, cased } => {
                let sources: Vec<&str> = patterns.value.iter().map(|r| &*r.source).collect();
                let values = self.value(shown(&sources), patterns.param.as_ref());
                format!("{} matches{} {values}", field.name, if *cased { "" } else { " nocase" })
            }
            TestKind::Number { field, op, value } => format!("{} {} {}", field.name, order(*op), self.operand(value)),
            TestKind::NumberIn { field, values } => format!("{} in {}", field.name, self.operand(values)),
            TestKind::PortIn { field, ranges } => {
                let all: Vec<String> = ranges.value.iter().map(|r| format!("{}..{}", r.low, r.high)).collect();
                format!("{} in ports {}", field.name, self.value(shown(&all), ranges.param.as_ref()))
            }
            TestKind::Bool { field, value } => format!("{} is {}", field.name, self.operand(value)),
            TestKind::Time { field, op, value } => {
                format!("{} {} time {}", field.name, order(*op), self.operand(value))
            }
            TestKind::Address { field, addresses, networks, param } => {
                let networks: Vec<&Cidr> = networks.iter().collect();
                let values = format!("{} and {}", shown(addresses), shown(&networks));
                format!("{} among {}", field.name, self.value(values, param.as_ref()))
            }
            TestKind::Compare(c) => self.comparison(c, &|f| f.name.to_string()),
        }
    }

    fn comparison<L>(self, c: &Comparison<L>, leaf: &dyn Fn(&L) -> String) -> String {
        let cased = if c.cased { " cased" } else { "" };
        format!("compare({}{cased} {} {})", self.expr(&c.left, leaf), order(c.op), self.expr(&c.right, leaf))
    }

    fn expr<L>(self, e: &Expr<L>, leaf: &dyn Fn(&L) -> String) -> String {
        let text = match &e.kind {
            ExprKind::Leaf(l) => leaf(l),
            ExprKind::Const(o) => self.value(value(&o.value), o.param.as_ref()),
            ExprKind::Binary(a, op, b) => {
                let op = match op {
                    Arithmetic::Add => "+",
                    Arithmetic::Sub => "-",
                    Arithmetic::Mul => "*",
                    Arithmetic::Div => "/",
                };
                format!("({} {op} {})", self.expr(a, leaf), self.expr(b, leaf))
            }
        };
        format!("{text}:{}", e.ty)
    }

    /// A pattern; events show as `name#id`.
    #[must_use]
    pub fn pattern(self, d: &Detection, p: &Pattern) -> String {
        let join = |word: &str, all: Vec<&Pattern>, within: &Operand<i64>, by: &[Key]| {
            let parts: Vec<String> = all.into_iter().map(|p| self.pattern(d, p)).collect();
            format!("({} within {}ms by {})", parts.join(word), self.operand(within), keys(d, by))
        };
        match &p.kind {
            PatternKind::Event(id) => format!("{}#{}", d.event(*id).map_or("?", |e| &e.name), id.0),
            PatternKind::Then(j) => join(" then ", j.operands.iter().collect(), &j.within, &j.keys),
            PatternKind::With(j) => join(" with ", j.operands.iter().collect(), &j.within, &j.keys),
            PatternKind::NotFollowed(n) => join(" not followed by ", vec![&n.kept, &n.absent], &n.within, &n.keys),
            PatternKind::NotPreceded(n) => join(" not preceded by ", vec![&n.kept, &n.absent], &n.within, &n.keys),
            PatternKind::Grouped(g) => {
                let by: Vec<String> = g.keys.iter().map(|c| column(d, c)).collect();
                let named: Vec<String> = g.named.iter().map(|(n, a)| format!(" naming {} {n}", aggregate(a))).collect();
                let event = d.event(g.event).map_or("?", |e| &e.name);
                format!(
                    "({event} grouped by {} over {}ms having {}{})",
                    by.join(", "),
                    self.operand(&g.over),
                    self.having(&g.having),
                    named.concat()
                )
            }
        }
    }

    fn having(self, h: &Having) -> String {
        logic(h, &|c| self.comparison(c, &aggregate))
    }
}

fn logic<A>(l: &Logic<A>, atom: &dyn Fn(&A) -> String) -> String {
    let all = |parts: &[Logic<A>], word: &str| {
        format!("({})", parts.iter().map(|p| logic(p, atom)).collect::<Vec<_>>().join(word))
    };
    match l {
        Logic::Const(b) => b.to_string(),
        Logic::Not(inner) => format!("not {}", logic(inner, atom)),
        Logic::And(parts) => all(parts, " and "),
        Logic::Or(parts) => all(parts, " or "),
        Logic::Atom(a) => atom(a),
    }
}

fn shown<T: ToString>(values: &[T]) -> String {
    format!("[{}]", values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
}

const fn order(o: Order) -> &'static str {
    match o {
        Order::Eq => "==",
        Order::Lt => "<",
        Order::Le => "<=",
        Order::Gt => ">",
        Order::Ge => ">=",
    }
}

/// A value, as the debugger shows it but for patterns and networks.
#[must_use]
pub fn value(v: &Value) -> String {
    match v {
        Value::Glob(g) => format!("Glob({g})"),
        Value::Cidr(c) => format!("Cidr({c})"),
        Value::Regex(r) => format!("Regex({})", r.source),
        Value::List(all) => format!("List([{}])", all.iter().map(value).collect::<Vec<_>>().join(", ")),
        other => format!("{other:?}"),
    }
}

fn column(d: &Detection, c: &Column) -> String {
    let event = d.event(c.event).map_or("?", |e| &e.name);
    match &c.value {
        ColumnValue::Field(f) => format!("{event}#{}.{}", c.event.0, f.name),
        ColumnValue::Aggregate(name) => format!("{event}#{}.aggregate({name})", c.event.0),
    }
}

fn keys(d: &Detection, keys: &[Key]) -> String {
    let one = |k: &Key| k.columns.iter().map(|c| column(d, c)).collect::<Vec<_>>().join(" = ");
    keys.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn aggregate(a: &Aggregate) -> String {
    let name = match a {
        Aggregate::Count => "count",
        Aggregate::Distinct(_) => "distinct",
        Aggregate::Sum(_) => "sum",
        Aggregate::Min(_) => "min",
        Aggregate::Max(_) => "max",
        Aggregate::Avg(_) => "avg",
    };
    format!("{name}({})", a.field().map_or("", |f| &f.name))
}

/// `name=column` for every column of the alert.
#[must_use]
pub fn entity(d: &Detection) -> String {
    d.entity.iter().map(|e| format!("{}={}", e.name, column(d, &e.column))).collect::<Vec<_>>().join(", ")
}

//! Plans as short text, for snapshots.

use crate::plan::{
    Aggregate, Arithmetic, Cidr, Column, ColumnValue, Comparison, Detection, Expr, ExprKind, Having, Key, Logic,
    Operand, Order, ParamRef, Pattern, PatternKind, Pred, Strategy, Test, TestKind, TextOp, Value,
};

/// A predicate; parameters show as `$0` or `$0.field`.
pub fn pred(p: &Pred) -> String {
    logic(p, &test)
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

fn param(p: Option<&ParamRef>) -> String {
    match p {
        None => String::new(),
        Some(ParamRef { index, field: None }) => format!("${index}"),
        Some(ParamRef { index, field: Some(field) }) => format!("${index}.{field}"),
    }
}

fn operand<T: std::fmt::Debug>(o: &Operand<T>) -> String {
    format!("{:?}{}", o.value, param(o.param.as_ref()))
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

fn test(t: &Test) -> String {
    match &t.kind {
        TestKind::Exists(f) => format!("exists {}", f.name),
        TestKind::Text(t) => {
            let (op, values) = match &t.op {
                TextOp::Equals(v) => ("equals", operand(v)),
                TextOp::Contains(v) => ("contains", operand(v)),
                TextOp::StartsWith(v) => ("startswith", operand(v)),
                TextOp::EndsWith(v) => ("endswith", operand(v)),
                TextOp::Like(v) => ("like", format!("{}{}", shown(&v.value), param(v.param.as_ref()))),
            };
            format!("{}{} {op} {values}", t.field.name, if t.cased { " cased" } else { "" })
        }
        TestKind::Matches { field, patterns, cased } => {
            let sources: Vec<&str> = patterns.value.iter().map(|r| &*r.source).collect();
            format!(
                "{} matches{} {}{}",
                field.name,
                if *cased { "" } else { " nocase" },
                shown(&sources),
                param(patterns.param.as_ref())
            )
        }
        TestKind::Number { field, op, value } => format!("{} {} {}", field.name, order(*op), operand(value)),
        TestKind::NumberIn { field, values } => format!("{} in {}", field.name, operand(values)),
        TestKind::PortIn { field, ranges } => {
            let all: Vec<String> = ranges.value.iter().map(|r| format!("{}..{}", r.low, r.high)).collect();
            format!("{} in ports {}{}", field.name, shown(&all), param(ranges.param.as_ref()))
        }
        TestKind::Bool { field, value } => format!("{} is {}", field.name, operand(value)),
        TestKind::Time { field, op, value } => format!("{} {} time {}", field.name, order(*op), operand(value)),
        TestKind::Address { field, addresses, networks, param: p } => {
            let networks: Vec<&Cidr> = networks.iter().collect();
            format!("{} among {} and {}{}", field.name, shown(addresses), shown(&networks), param(p.as_ref()))
        }
        TestKind::Compare(c) => comparison(c, &|f| f.name.to_string()),
    }
}

fn comparison<L>(c: &Comparison<L>, leaf: &dyn Fn(&L) -> String) -> String {
    let cased = if c.cased { " cased" } else { "" };
    format!("compare({}{cased} {} {})", expr(&c.left, leaf), order(c.op), expr(&c.right, leaf))
}

fn expr<L>(e: &Expr<L>, leaf: &dyn Fn(&L) -> String) -> String {
    let text = match &e.kind {
        ExprKind::Leaf(l) => leaf(l),
        ExprKind::Const(o) => format!("{}{}", value(&o.value), param(o.param.as_ref())),
        ExprKind::Binary(a, op, b) => {
            let op = match op {
                Arithmetic::Add => "+",
                Arithmetic::Sub => "-",
                Arithmetic::Mul => "*",
                Arithmetic::Div => "/",
            };
            format!("({} {op} {})", expr(a, leaf), expr(b, leaf))
        }
    };
    format!("{text}:{}", e.ty)
}

/// A value, as the debugger shows it but for patterns and networks.
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

/// A pattern; events show as `name#id`.
pub fn pattern(d: &Detection, p: &Pattern) -> String {
    let join = |word: &str, all: Vec<&Pattern>, within: &Operand<i64>, by: &[Key]| {
        let parts: Vec<String> = all.into_iter().map(|p| pattern(d, p)).collect();
        format!("({} within {}ms by {})", parts.join(word), operand(within), keys(d, by))
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
                operand(&g.over),
                having(&g.having),
                named.concat()
            )
        }
    }
}

fn having(h: &Having) -> String {
    logic(h, &|c| comparison(c, &aggregate))
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
pub fn entity(d: &Detection) -> String {
    d.entity.iter().map(|e| format!("{}={}", e.name, column(d, &e.column))).collect::<Vec<_>>().join(", ")
}

/// A whole strategy.
pub fn strategy(s: &Strategy) -> String {
    let mut out = format!("strategy {} | {} | {}\n", s.id, s.title, s.description);
    out += &format!("  attack {:?} techniques {:?} tactics {:?}\n", s.attack, s.techniques, s.tactics);
    for (i, p) in s.parameters.iter().enumerate() {
        let of = p.analytic.as_deref().unwrap_or("strategy");
        out += &format!("  ${i} {:?} {} of {of}: {} = {}\n", p.kind, p.name, p.ty, value(&p.value));
    }
    for a in &s.analytics {
        out += &format!("  analytic {} | {} | on {}\n", a.id, a.title, a.platform);
        for source in &a.sources {
            out += &format!(
                "    source {} {:?} {:?} -> {:?}\n",
                source.component, source.name, source.channel, source.classes
            );
        }
        for d in &a.detections {
            out += &detection(d);
        }
    }
    out + &format!("  classes {}\n", s.classes.keys().cloned().collect::<Vec<_>>().join(" "))
}

fn detection(d: &Detection) -> String {
    let mut out = format!("    detect {} | {} | {} | {:?}\n", d.name, d.title, d.id, d.severity);
    for (i, e) in d.events.iter().enumerate() {
        out += &format!("      event {}#{i} = {} where {}\n", e.name, e.class.name, pred(&e.predicate));
    }
    out += &format!("      pattern {}\n", pattern(d, &d.pattern));
    out += &format!("      entity {}\n", entity(d));
    out += &format!(
        "      suppress {:?} otherwise {} accepts {:?}\n",
        d.suppress.as_ref().map(|s| s.value),
        d.otherwise,
        d.accepts.iter().map(|a| (a.what, &a.target.value, &a.reason)).collect::<Vec<_>>()
    );
    out
}

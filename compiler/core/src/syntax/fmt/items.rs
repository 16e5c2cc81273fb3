//! Files, items and clauses.

use super::layout::Op;
use super::printer::Printer;
use crate::source::Span;
use crate::syntax::ast::{
    Class, Clause, ClauseKind, Event, File, Ident, Item, ItemKind, Let, Parameter, Predicate, Property, SourceDecl,
};

impl Printer<'_> {
    /// A whole file.
    pub(super) fn file(&mut self, file: &File) {
        if let Some(module) = &file.module {
            self.docs();
            self.word();
            self.leaf(module.span);
        }
        let width = property_width(&file.items);
        for item in &file.items {
            self.line();
            self.item(item, width);
        }
        self.line();
        self.own_comments();
    }

    /// An item; `width` is that of the longest property keyword beside it.
    fn item(&mut self, item: &Item, width: usize) {
        self.docs();
        match &item.kind {
            ItemKind::Strategy(strategy) => {
                self.word();
                self.word();
                self.items(&strategy.items);
            }
            ItemKind::Analytic(analytic) => {
                for _ in 0..4 {
                    self.word();
                }
                self.items(&analytic.items);
            }
            ItemKind::Class(class) => self.class(class),
            ItemKind::Let(item) => self.let_item(item),
            ItemKind::Predicate(predicate) => self.predicate(predicate),
            ItemKind::Parameter(parameter) => self.parameter(parameter),
            ItemKind::Sources(sources) => self.sources(sources),
            ItemKind::Event(event) => self.event(event),
            ItemKind::Detect(detect) => {
                self.word();
                self.word();
                if detect.otherwise.is_some() {
                    self.word();
                }
                self.block(&detect.clauses, Self::clause);
            }
            ItemKind::Property(property) => self.property(property, width),
        }
    }

    fn items(&mut self, items: &[Item]) {
        let width = property_width(items);
        self.block(items, |p, item| p.item(item, width));
    }

    /// Values are aligned with those of the properties beside it.
    fn property(&mut self, property: &Property, width: usize) {
        self.token();
        self.op(Op::Pad(1 + width.saturating_sub(property.name.value.len())));
        self.leaves(&property.values, width + 1);
    }

    fn class(&mut self, class: &Class) {
        self.word();
        self.word();
        self.block(&class.fields, |p, field| {
            p.docs();
            p.token();
            p.word();
            p.ty(&field.ty);
            p.skip_comma();
        });
    }

    fn let_item(&mut self, item: &Let) {
        self.word();
        self.token();
        if let Some(ty) = &item.ty {
            self.word();
            self.ty(ty);
        }
        self.then_word();
        self.value(&item.value);
    }

    fn predicate(&mut self, predicate: &Predicate) {
        self.word();
        self.token();
        self.bracketed("", &predicate.params, |p, (_, ty)| {
            p.token();
            p.word();
            p.ty(ty);
        });
        for _ in 0..3 {
            self.then_word();
        }
        self.body(&predicate.body);
    }

    fn parameter(&mut self, parameter: &Parameter) {
        self.word();
        self.token();
        self.word();
        self.ty(&parameter.ty);
        self.bound_and_assign(parameter.bound.as_deref());
        self.value(&parameter.default);
    }

    /// One source a line, arrows below one another.
    fn sources(&mut self, sources: &[SourceDecl]) {
        let width = |span: Span| self.slice(span).chars().count();
        let left = |source: &SourceDecl| {
            [&source.component, &source.name, &source.channel].map(|part| width(part.span)).iter().sum::<usize>()
        };
        let widths: Vec<usize> = sources.iter().map(left).collect();
        let longest = widths.iter().copied().max().unwrap_or_default();
        let mut pads = widths.into_iter().map(|width| longest - width + 1);
        self.word();
        self.block(sources, |p, source| {
            for part in [&source.component, &source.name] {
                p.leaf(part.span);
                p.op(Op::Space);
            }
            p.leaf(source.channel.span);
            p.op(Op::Pad(pads.next().unwrap_or(1)));
            p.word();
            p.leaves(&source.classes, 4);
        });
    }

    fn event(&mut self, event: &Event) {
        for _ in 0..3 {
            self.word();
        }
        self.token();
        if let Some(condition) = &event.condition {
            self.then_word();
            self.body(condition);
        }
    }

    fn clause(&mut self, clause: &Clause) {
        self.word();
        match &clause.kind {
            ClauseKind::Id(value)
            | ClauseKind::Version(value)
            | ClauseKind::Status(value)
            | ClauseKind::Severity(value)
            | ClauseKind::FalsePositive(value) => {
                self.leaf(value.span);
            }
            ClauseKind::Pattern(pattern) => self.indented("pattern ".len(), |p| p.pattern(pattern)),
            ClauseKind::Entity(fields) => self.leaves(fields, "entity ".len()),
            ClauseKind::Suppress(window) => self.expr(window),
            ClauseKind::Accept(accept) => {
                self.word();
                self.word();
                self.leaves(&accept.targets, 4);
                self.op(Op::Open);
                self.indented(4, |p| {
                    p.op(Op::Line(" "));
                    p.leaf(accept.reason.span);
                });
                self.op(Op::Close);
            }
        }
    }

    /// Names or literals with commas between, as many on a line as fit.
    fn leaves(&mut self, leaves: &[Ident], indent: usize) {
        self.indented(indent, |p| p.filled(leaves, |p, leaf| p.leaf(leaf.span)));
    }
}

fn property_width(items: &[Item]) -> usize {
    let width = |item: &Item| match &item.kind {
        ItemKind::Property(property) => property.name.value.len(),
        ItemKind::Strategy(_)
        | ItemKind::Class(_)
        | ItemKind::Let(_)
        | ItemKind::Predicate(_)
        | ItemKind::Parameter(_)
        | ItemKind::Analytic(_)
        | ItemKind::Sources(_)
        | ItemKind::Event(_)
        | ItemKind::Detect(_) => 0,
    };
    items.iter().map(width).max().unwrap_or_default()
}

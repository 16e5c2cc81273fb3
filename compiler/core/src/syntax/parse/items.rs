//! Files, items and the clauses of detections.

use super::build::{Builder, Children};
use super::grammar::Rule;
use crate::syntax::ast::{
    Accept, Analytic, Class, Clause, ClauseKind, Detect, Event, FieldDecl, File, Ident, Item, ItemKind, Let, Parameter,
    ParameterKind, Predicate, Property, SourceDecl, Strategy, Type,
};
use pest::iterators::{Pair, Pairs};

impl Builder {
    /// A whole file.
    pub(super) fn file(&mut self, pairs: Pairs<'_, Rule>) -> File {
        let mut file = File::default();
        let Some(root) = Children::among(pairs).next() else { return file };
        let mut children = Children::of(root);
        if let Some(module) = children.next_of(Rule::module) {
            (file.doc, file.module) = self.module(module);
        }
        file.items = children.filter_map(|item| self.item(item)).collect();
        file
    }

    /// The head of a library file: its documentation and name.
    pub(super) fn module(&mut self, pair: Pair<'_, Rule>) -> (String, Option<Ident>) {
        let mut children = Children::of(pair);
        let doc = children.doc();
        (doc, children.next_of(Rule::ident).map(|name| self.ident(&name)))
    }

    /// One item, unless something in it was refused.
    pub(super) fn item(&mut self, pair: Pair<'_, Rule>) -> Option<Item> {
        self.or_refused(pair, Self::item_of)
    }

    fn item_of(&mut self, pair: Pair<'_, Rule>) -> Option<Item> {
        let mut children = Children::of(pair);
        let doc = children.doc();
        let item = children.next()?;
        let span = self.span(&item);
        let rule = item.as_rule();
        let mut inner = Children::of(item);
        let kind = match rule {
            Rule::strategy => ItemKind::Strategy(self.strategy(&mut inner)?),
            Rule::class => ItemKind::Class(self.class(&mut inner)?),
            Rule::let_item => ItemKind::Let(self.let_item(&mut inner)?),
            Rule::predicate => ItemKind::Predicate(self.predicate(&mut inner)?),
            Rule::parameter => ItemKind::Parameter(self.parameter(&mut inner)?),
            Rule::analytic => ItemKind::Analytic(self.analytic(&mut inner)?),
            Rule::sources => ItemKind::Sources(self.sources(&mut inner)?),
            Rule::event => ItemKind::Event(self.event(&mut inner)?),
            Rule::detect => ItemKind::Detect(self.detect(&mut inner)?),
            _ => ItemKind::Property(self.property(&mut inner)?),
        };
        Some(Item { doc, kind, span })
    }

    fn items(&mut self, block: Pair<'_, Rule>) -> Vec<Item> {
        let mut items: Vec<Item> = Children::of(block).filter_map(|item| self.item(item)).collect();
        items.shrink_to_fit();
        items
    }

    fn strategy(&mut self, inner: &mut Children<'_>) -> Option<Strategy> {
        let id = self.ident(&inner.next_of(Rule::ident)?);
        Some(Strategy { id, items: self.items(inner.next_of(Rule::item_block)?) })
    }

    fn property(&mut self, inner: &mut Children<'_>) -> Option<Property> {
        let name = self.word(&inner.next_of(Rule::property_name)?);
        let mut values = Vec::new();
        for value in inner {
            let value = Children::of(value).next()?;
            values.push(if value.as_rule() == Rule::string { self.string(&value) } else { self.word(&value) });
        }
        Some(Property { name, values })
    }

    fn class(&mut self, inner: &mut Children<'_>) -> Option<Class> {
        let name = self.ident(&inner.next_of(Rule::ident)?);
        let block = inner.next_of(Rule::field_block)?;
        Some(Class { name, fields: Children::of(block).filter_map(|field| self.field_decl(field)).collect() })
    }

    /// A field of a class.
    pub(super) fn field_decl(&mut self, pair: Pair<'_, Rule>) -> Option<FieldDecl> {
        self.or_refused(pair, Self::field_decl_of)
    }

    fn field_decl_of(&mut self, pair: Pair<'_, Rule>) -> Option<FieldDecl> {
        let mut children = Children::of(pair);
        let doc = children.doc();
        let name = self.name(&children.next_of(Rule::name)?);
        Some(FieldDecl { doc, name, ty: self.ty(children.next_of(Rule::r#type)?)? })
    }

    fn let_item(&mut self, inner: &mut Children<'_>) -> Option<Let> {
        let name = self.ident(&inner.next_of(Rule::ident)?);
        let ty = match inner.next_of(Rule::r#type) {
            Some(ty) => Some(self.ty(ty)?),
            None => None,
        };
        Some(Let { name, ty, value: self.expr(inner.next_of(Rule::expr)?)? })
    }

    fn predicate(&mut self, inner: &mut Children<'_>) -> Option<Predicate> {
        let name = self.ident(&inner.next_of(Rule::ident)?);
        let params =
            Children::of(inner.next_of(Rule::params)?).map(|param| self.param(param)).collect::<Option<_>>()?;
        let class = self.name(&inner.next_of(Rule::name)?);
        Some(Predicate { name, params, class, body: self.expr(inner.next_of(Rule::expr)?)? })
    }

    fn param(&mut self, pair: Pair<'_, Rule>) -> Option<(Ident, Type)> {
        let mut children = Children::of(pair);
        let name = self.ident(&children.next_of(Rule::ident)?);
        Some((name, self.ty(children.next_of(Rule::r#type)?)?))
    }

    fn parameter(&mut self, inner: &mut Children<'_>) -> Option<Parameter> {
        let kind = match inner.next()?.as_rule() {
            Rule::kw_mutable => ParameterKind::Mutable,
            _ => ParameterKind::Tunable,
        };
        let name = self.ident(&inner.next_of(Rule::ident)?);
        let ty = self.ty(inner.next_of(Rule::r#type)?)?;
        let bound = match inner.next_of(Rule::bound) {
            Some(bound) => Some(Box::new(self.bound(bound)?)),
            None => None,
        };
        Some(Parameter { kind, name, ty, bound, default: self.expr(inner.next_of(Rule::expr)?)? })
    }

    fn analytic(&mut self, inner: &mut Children<'_>) -> Option<Analytic> {
        let (id, platform) = self.analytic_sig(inner.next_of(Rule::analytic_sig)?)?;
        Some(Analytic { id, platform, items: self.items(inner.next_of(Rule::item_block)?) })
    }

    /// An analytic's name and platform.
    pub(super) fn analytic_sig(&mut self, pair: Pair<'_, Rule>) -> Option<(Ident, Ident)> {
        let mut children = Children::of(pair);
        Some((self.ident(&children.next_of(Rule::ident)?), self.ident(&children.next_of(Rule::ident)?)))
    }

    fn sources(&mut self, inner: &mut Children<'_>) -> Option<Vec<SourceDecl>> {
        Some(Children::of(inner.next_of(Rule::source_block)?).filter_map(|decl| self.source_decl(decl)).collect())
    }

    /// One line of `sources`.
    pub(super) fn source_decl(&mut self, pair: Pair<'_, Rule>) -> Option<SourceDecl> {
        self.or_refused(pair, Self::source_decl_of)
    }

    fn source_decl_of(&mut self, pair: Pair<'_, Rule>) -> Option<SourceDecl> {
        let span = self.span(&pair);
        let mut children = Children::of(pair);
        let component = self.ident(&children.next_of(Rule::ident)?);
        let name = self.string(&children.next_of(Rule::string)?);
        let channel = self.string(&children.next_of(Rule::string)?);
        let classes = children.map(|class| self.name(&class)).collect();
        Some(SourceDecl { component, name, channel, classes, span })
    }

    fn event(&mut self, inner: &mut Children<'_>) -> Option<Event> {
        let name = self.ident(&inner.next_of(Rule::ident)?);
        let base = self.name(&inner.next_of(Rule::name)?);
        let condition = match inner.next_of(Rule::expr) {
            Some(condition) => Some(self.expr(condition)?),
            None => None,
        };
        Some(Event { name, base, condition })
    }

    fn detect(&mut self, inner: &mut Children<'_>) -> Option<Detect> {
        let mut detect = self.detect_sig(inner.next_of(Rule::detect_sig)?)?;
        let block = inner.next_of(Rule::clause_block)?;
        detect.clauses = Children::of(block).filter_map(|clause| self.clause(clause)).collect();
        Some(detect)
    }

    /// A detection's name and whether it is a fallback, without its clauses.
    pub(super) fn detect_sig(&mut self, pair: Pair<'_, Rule>) -> Option<Detect> {
        let mut children = Children::of(pair);
        let name = self.ident(&children.next_of(Rule::ident)?);
        let otherwise = children.next_of(Rule::kw_otherwise).map(|word| self.span(&word));
        Some(Detect { name, otherwise, clauses: Vec::new() })
    }

    /// A clause of a detection.
    pub(super) fn clause(&mut self, pair: Pair<'_, Rule>) -> Option<Clause> {
        self.or_refused(pair, Self::clause_of)
    }

    fn clause_of(&mut self, pair: Pair<'_, Rule>) -> Option<Clause> {
        let span = self.span(&pair);
        let clause = Children::of(pair).next()?;
        let rule = clause.as_rule();
        let mut inner = Children::of(clause);
        let kind = match rule {
            Rule::id => ClauseKind::Id(self.string(&inner.next_of(Rule::string)?)),
            Rule::version => ClauseKind::Version(self.word(&inner.next_of(Rule::number)?)),
            Rule::status => ClauseKind::Status(self.word(&inner.next_of(Rule::ident)?)),
            Rule::severity => ClauseKind::Severity(self.word(&inner.next_of(Rule::ident)?)),
            Rule::pattern_clause => ClauseKind::Pattern(self.pattern(inner.next_of(Rule::pattern)?)?),
            Rule::entity => ClauseKind::Entity(inner.map(|field| self.name(&field)).collect()),
            Rule::suppress => ClauseKind::Suppress(self.expr(inner.next_of(Rule::expr)?)?),
            Rule::accept => ClauseKind::Accept(self.accept(&mut inner)?),
            _ => ClauseKind::FalsePositive(self.string(&inner.next_of(Rule::string)?)),
        };
        Some(Clause { kind, span })
    }

    fn accept(&mut self, inner: &mut Children<'_>) -> Option<Accept> {
        let what = self.word(&inner.next_of(Rule::ident)?);
        let mut targets = Vec::new();
        while let Some(target) = inner.next_of(Rule::target_name) {
            targets.push(self.word(&target));
        }
        Some(Accept { what, targets, reason: self.string(&inner.next_of(Rule::string)?) })
    }
}

//! Reading a file that the grammar refuses as a whole.
//!
//! The file is cut where an item, clause, field or source may begin: at its keyword at the head of a line. The heads
//! and ends of blocks are followed here, and every piece between is read by the grammar alone, which says precisely
//! what is wrong with it. What is right is built as in a file without errors.

use super::build::{Builder, Children, MOST_ERRORS, too_deep};
use super::errors::{self, Piece};
use super::grammar::{self, Rule};
use crate::diagnostics::{Code, Diagnostic, suggest};
use crate::source::{SourceId, Span};
use crate::syntax::ast::{Analytic, Class, Clause, FieldDecl, File, Item, ItemKind, SourceDecl, Strategy};
use crate::syntax::lex::{self, Token, TokenKind};
use crate::syntax::words;
use pest::iterators::Pair;

/// Blocks deeper than this are read whole.
const DEEPEST_BLOCK: usize = 8;

/// What a block holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    File,
    Strategy,
    Analytic,
    Class,
    Sources,
    Detect,
}

/// What was read of a block: one of the lists, by its kind.
#[derive(Default)]
struct Content {
    items: Vec<Item>,
    clauses: Vec<Clause>,
    fields: Vec<FieldDecl>,
    sources: Vec<SourceDecl>,
}

/// Reads a file piece by piece.
pub(super) fn file(text: &str, source: SourceId) -> (File, Vec<Diagnostic>) {
    let tokens: Vec<Token<'_>> = lex::tokens(text).filter(|token| token.kind != TokenKind::Comment).collect();
    let count = |mark: &str| tokens.iter().filter(|token| token.is(mark)).count();
    let unclosed = count("{").saturating_sub(count("}"));
    let mut reader =
        Reader { text, source, tokens, at: 0, unclosed, nesting: 0, unread: Vec::new(), diagnostics: Vec::new() };
    let mut file = File::default();
    reader.module(&mut file);
    file.items = reader.body(Block::File, None).items;
    file.unread = std::mem::take(&mut reader.unread);
    if reader.diagnostics.is_empty() {
        reader.whole();
    }
    reader.diagnostics.sort_by_key(|found| found.primary.as_ref().map(|label| label.span.start));
    (file, reader.diagnostics)
}

struct Reader<'t> {
    text: &'t str,
    source: SourceId,
    /// All but the comments.
    tokens: Vec<Token<'t>>,
    /// The next token.
    at: usize,
    /// How many `{` of the file lack their `}`, as far as not yet reported.
    unclosed: usize,
    /// How many blocks are open.
    nesting: usize,
    /// Names of items that could not be read.
    unread: Vec<String>,
    diagnostics: Vec<Diagnostic>,
}

impl<'t> Reader<'t> {
    fn peek(&self, ahead: usize) -> Option<Token<'t>> {
        self.tokens.get(self.at + ahead).copied()
    }

    fn module(&mut self, file: &mut File) {
        let head = self.head(0);
        if self.tokens.get(head).is_some_and(|token| token.is("module")) {
            let end = self.piece_end(Block::File, head);
            self.at = end;
            self.piece(Rule::only_module, 0, end, Block::File, |builder, module| {
                (file.doc, file.module) = builder.module(module);
            });
        }
    }

    /// The index of the first token from `start` that is no documentation.
    fn head(&self, start: usize) -> usize {
        let docs = self.tokens.iter().skip(start).take_while(|token| token.kind == TokenKind::Doc).count();
        start + docs
    }

    /// Reads a block up to its `}`, or the file up to its end.
    fn body(&mut self, block: Block, open: Option<Token<'t>>) -> Content {
        let mut content = Content::default();
        while self.diagnostics.len() < MOST_ERRORS {
            match (self.peek(0), open) {
                (None, None) => break,
                (None, Some(open)) => {
                    self.unclosed_block(open, None);
                    break;
                }
                (Some(token), Some(_)) if token.is("}") => {
                    self.at += 1;
                    break;
                }
                (Some(token), None) if token.is("}") => {
                    let span = errors::place(self.source, token);
                    self.diagnostics
                        .push(Diagnostic::new(Code::Syntax, "`}` without its `{`", span).label("closes no block"));
                    self.at += 1;
                }
                (Some(token), Some(open)) if self.unclosed > 0 && outranks(token, block) => {
                    self.unclosed_block(open, Some(token));
                    break;
                }
                (Some(_), _) => self.element(block, &mut content),
            }
        }
        content
    }

    fn unclosed_block(&mut self, open: Token<'t>, next: Option<Token<'t>>) {
        self.unclosed = self.unclosed.saturating_sub(1);
        let found = Diagnostic::new(Code::Syntax, "`{` without its `}`", errors::place(self.source, open))
            .label("the block opened here is not closed");
        self.diagnostics.push(match next {
            Some(next) => found.also(errors::place(self.source, next), "`}` is missing before this"),
            None => found,
        });
    }

    /// Reads one element of a block: itself a block, or a piece.
    fn element(&mut self, block: Block, content: &mut Content) {
        let start = self.at;
        let head = self.head(start);
        let Some(first) = self.tokens.get(head).copied().filter(|token| !token.is("}")) else {
            self.at = head;
            if let Some(doc) = self.tokens.get(start) {
                self.diagnostics.push(errors::stray_doc(errors::place(self.source, *doc)));
            }
            return;
        };
        let end = self.piece_end(block, head);
        let holds_items = matches!(block, Block::File | Block::Strategy | Block::Analytic);
        if holds_items
            && self.nesting < DEEPEST_BLOCK
            && let Some((keyword, inner)) = block_keyword(first)
        {
            let brace = self.tokens.get(head..end).and_then(|piece| piece.iter().position(|token| token.is("{")));
            if let Some(brace) = brace {
                self.inner_block(start, head, head + brace, (keyword, inner), content);
                return;
            }
        }
        self.at = end;
        match block {
            Block::File | Block::Strategy | Block::Analytic => {
                let before = content.items.len();
                self.piece(Rule::only_items, start, end, block, |b, item| content.items.extend(b.item(item)));
                if content.items.len() == before {
                    self.unread.extend(self.declared_name(head));
                }
            }
            Block::Class => {
                self.piece(Rule::only_fields, start, end, block, |b, field| content.fields.extend(b.field_decl(field)));
            }
            Block::Sources => self.piece(Rule::only_source_decls, start, end, block, |b, decl| {
                content.sources.extend(b.source_decl(decl));
            }),
            Block::Detect => {
                self.piece(Rule::only_clauses, start, end, block, |b, clause| content.clauses.extend(b.clause(clause)));
            }
        }
    }

    /// The name that the item at `head` declares, if it declares one.
    fn declared_name(&self, head: usize) -> Option<String> {
        let keyword = self.tokens.get(head)?.text;
        let name = self.tokens.get(head + 1)?;
        let declares = matches!(keyword, "event" | "let" | "predicate" | "mutable" | "tunable");
        (declares && name.kind == TokenKind::Word).then(|| name.text.to_owned())
    }

    /// Reads a block whose keyword is at `head` and whose `{` is at `brace`.
    fn inner_block(
        &mut self,
        start: usize,
        head: usize,
        brace: usize,
        (keyword, block): (&'static str, Block),
        content: &mut Content,
    ) {
        let (Some(first), Some(open)) = (self.tokens.get(head).copied(), self.tokens.get(brace).copied()) else {
            return;
        };
        let span = errors::place(self.source, first);
        if first.text != keyword {
            let found = Diagnostic::new(Code::Syntax, format!("expected an item, found `{}`", first.text), span);
            self.diagnostics.push(errors::with_suggestion(found.label("unexpected word"), keyword, span));
        }
        let sig = self.signature(block, head + 1, brace);
        let doc = self.doc(start, head);
        self.at = brace + 1;
        self.nesting += 1;
        let inner = self.body(block, Some(open));
        self.nesting -= 1;
        let last = self
            .at
            .checked_sub(1)
            .and_then(|at| self.tokens.get(at))
            .map_or(span, |last| errors::place(self.source, *last));
        if let Some(kind) = sig.and_then(|sig| fill(sig, inner)) {
            content.items.push(Item { doc, kind, span: span.to(last) });
        }
    }

    fn doc(&self, start: usize, head: usize) -> String {
        let lines = self.tokens.get(start..head).unwrap_or_default().iter().map(|token| {
            let text = token.text.strip_prefix("///").unwrap_or(token.text);
            text.strip_prefix(' ').unwrap_or(text)
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// What stands between a block's keyword and its `{`, as the item without content.
    fn signature(&mut self, block: Block, start: usize, end: usize) -> Option<ItemKind> {
        let rule = match block {
            Block::File | Block::Strategy | Block::Class => Rule::only_name,
            Block::Analytic => Rule::only_analytic_sig,
            Block::Detect => Rule::only_detect_sig,
            Block::Sources => Rule::only_nothing,
        };
        let mut kind = (block == Block::Sources).then(|| ItemKind::Sources(Vec::new()));
        self.read(rule, start, end, "`{`", |builder, pair| {
            kind = match block {
                Block::File | Block::Sources => None,
                Block::Strategy => Some(ItemKind::Strategy(Strategy { id: builder.ident(&pair), items: Vec::new() })),
                Block::Class => Some(ItemKind::Class(Class { name: builder.ident(&pair), fields: Vec::new() })),
                Block::Analytic => builder
                    .analytic_sig(pair)
                    .map(|(id, platform)| ItemKind::Analytic(Analytic { id, platform, items: Vec::new() })),
                Block::Detect => builder.detect_sig(pair).map(ItemKind::Detect),
            };
        });
        kind
    }

    /// Whether the token at `at`, the head of a line, begins a new element of a block.
    fn begins(&self, at: usize, token: Token<'_>, block: Block) -> bool {
        if token.kind != TokenKind::Word {
            return false;
        }
        let goes_on = |marks: &[&str]| {
            let before = at.checked_sub(1).and_then(|at| self.tokens.get(at));
            before.is_some_and(|before| marks.iter().any(|mark| before.is(mark)))
        };
        words::ITEMS.contains(&token.text)
            || match block {
                Block::File | Block::Strategy | Block::Analytic => false,
                Block::Class => !goes_on(&[":"]),
                Block::Sources => !goes_on(&["->", ","]),
                Block::Detect => words::CLAUSES.contains(&token.text),
            }
    }

    /// The index one past the piece whose first word is at `head`.
    fn piece_end(&self, block: Block, head: usize) -> usize {
        let mut open: Vec<&str> = Vec::new();
        for (at, token) in self.tokens.iter().enumerate().skip(head) {
            if at > head && token.starts_line() {
                let new = token.kind == TokenKind::Doc || self.begins(at, *token, block);
                // A keyword at the head of a line ends a list that was not closed; within braces it may be a name.
                let cut = if token.kind == TokenKind::Doc { open.is_empty() } else { open.last() != Some(&"{") };
                if new && cut {
                    return at;
                }
            }
            match token.kind {
                TokenKind::Open => open.push(token.text),
                TokenKind::Close if open.is_empty() && token.text == "}" => return at.max(head + 1),
                TokenKind::Close => {
                    open.pop();
                }
                _ => {}
            }
        }
        self.tokens.len()
    }

    fn piece(
        &mut self,
        rule: Rule,
        start: usize,
        end: usize,
        block: Block,
        take: impl FnMut(&mut Builder, Pair<'_, Rule>),
    ) {
        let after = if block == Block::File { "the end of the file" } else { "`}`" };
        self.read(rule, start, end, after, take);
    }

    /// Reads the tokens `start..end` by a rule, and gives each of its nodes to `take`.
    fn read(
        &mut self,
        rule: Rule,
        start: usize,
        end: usize,
        after: &'static str,
        mut take: impl FnMut(&mut Builder, Pair<'_, Rule>),
    ) {
        let tokens = self.tokens.get(start..end).unwrap_or_default();
        let here = self.tokens.get(start).map_or(self.text.len(), |token| token.start);
        let range = match (tokens.first(), tokens.last()) {
            (Some(first), Some(last)) => first.start..last.end(),
            _ => here..here,
        };
        let source = self.source;
        let unterminated: Vec<_> = tokens.iter().filter(|token| token.kind == TokenKind::Unterminated).collect();
        if !unterminated.is_empty() {
            self.diagnostics.extend(unterminated.into_iter().map(|token| errors::unterminated(*token, source)));
            return;
        }
        if let Some(token) = lex::too_deep(tokens.iter().copied()) {
            self.diagnostics.push(too_deep(errors::place(source, token)));
            return;
        }
        let piece = Piece { source, text: self.text, offset: range.start, stop: range.end, end: after };
        match grammar::pairs(rule, self.text.get(range.clone()).unwrap_or_default()) {
            Ok(pairs) => {
                let mut builder = Builder::new(source, range.start);
                for root in Children::among(pairs) {
                    Children::of(root).for_each(|pair| take(&mut builder, pair));
                }
                self.diagnostics.append(&mut builder.diagnostics);
            }
            Err(error) => self.diagnostics.push(errors::syntax(&error, piece)),
        }
    }

    /// The error of the file as a whole, where no piece has one.
    fn whole(&mut self) {
        let all = self.tokens.len();
        self.read(Rule::file, 0, all, "the end of the file", |_, _| {});
        if self.diagnostics.is_empty() {
            let span = Span::new(self.source, 0..0);
            self.diagnostics.push(Diagnostic::new(Code::Syntax, "the file is not of the language", span));
        }
    }
}

/// Puts what was read of a block into its item.
fn fill(mut kind: ItemKind, content: Content) -> Option<ItemKind> {
    match &mut kind {
        ItemKind::Strategy(strategy) => strategy.items = content.items,
        ItemKind::Analytic(analytic) => analytic.items = content.items,
        ItemKind::Class(class) => class.fields = content.fields,
        ItemKind::Sources(sources) => *sources = content.sources,
        ItemKind::Detect(detect) => detect.clauses = content.clauses,
        ItemKind::Let(_)
        | ItemKind::Predicate(_)
        | ItemKind::Parameter(_)
        | ItemKind::Event(_)
        | ItemKind::Property(_) => return None,
    }
    Some(kind)
}

/// The keyword of a block that a word is, or is nearest to.
fn block_keyword(token: Token<'_>) -> Option<(&'static str, Block)> {
    const BLOCKS: [(&str, Block); 5] = [
        ("strategy", Block::Strategy),
        ("class", Block::Class),
        ("analytic", Block::Analytic),
        ("sources", Block::Sources),
        ("detect", Block::Detect),
    ];
    if token.kind != TokenKind::Word || token.text.len() > errors::LONGEST_SLIP {
        return None;
    }
    let exact = words::is_reserved(token.text).then_some(token.text);
    let word = exact.or_else(|| suggest::nearest(token.text, words::ITEMS.iter().copied()))?;
    BLOCKS.into_iter().find(|(keyword, _)| *keyword == word)
}

/// Whether a token cannot be within such a block, so that the block's `}` is missing before it.
fn outranks(token: Token<'_>, block: Block) -> bool {
    token.starts_line()
        && token.kind == TokenKind::Word
        && match block {
            Block::File => false,
            Block::Strategy => token.text == "strategy",
            Block::Analytic => matches!(token.text, "strategy" | "analytic"),
            Block::Class | Block::Sources | Block::Detect => words::ITEMS.contains(&token.text),
        }
}

//! The wording of syntax errors: what was expected, in the words of the language, and what stands there instead.

use super::grammar::Rule;
use crate::diagnostics::{Code, Diagnostic, suggest};
use crate::source::{SourceId, Span};
use crate::syntax::lex::{self, Token, TokenKind};
use crate::syntax::words;
use pest::error::{Error, ErrorVariant, InputLocation};

/// A longer word is no misspelt keyword.
pub(super) const LONGEST_SLIP: usize = 20;

/// A piece of a source, as it was given to the grammar.
#[derive(Clone, Copy)]
pub(super) struct Piece<'t> {
    /// The source.
    pub source: SourceId,
    /// All of its text.
    pub text: &'t str,
    /// Where the piece begins.
    pub offset: usize,
    /// One past its last token.
    pub stop: usize,
    /// What may follow it instead of more of the same.
    pub end: &'static str,
}

/// What the grammar says about a piece it refuses.
pub(super) fn syntax(error: &Error<Rule>, piece: Piece<'_>) -> Diagnostic {
    let at = piece.offset
        + match error.location {
            InputLocation::Pos(at) => at,
            InputLocation::Span((start, _)) => start,
        };
    let found = lex::tokens(piece.text.get(at..).unwrap_or_default())
        .map(|token| Token { start: token.start + at, ..token })
        // What documents the next item is not what was found in place of the rest of this one.
        .find(|token| token.kind != TokenKind::Comment && (token.kind != TokenKind::Doc || token.start < piece.stop));
    let ErrorVariant::ParsingError { positives, .. } = &error.variant else {
        let span = found.map_or(end_of(piece), |token| place(piece.source, token));
        return super::build::too_deep(span);
    };
    let expected = expected(positives, piece.end);
    let Some(found) = found else {
        return Diagnostic::new(Code::Syntax, format!("expected {expected}, found the end of the file"), end_of(piece))
            .label("the file ends here");
    };
    let span = place(piece.source, found);
    if found.kind == TokenKind::Doc {
        return stray_doc(span);
    }
    let title = format!("expected {expected}, found `{}`", shortened(found.text));
    let diagnostic = Diagnostic::new(Code::Syntax, title, span).label(unexpected(found));
    match nearest_word(found, positives) {
        Some(word) => with_suggestion(diagnostic, word, span),
        None => diagnostic,
    }
}

/// Adds "did you mean".
pub(super) fn with_suggestion(diagnostic: Diagnostic, word: &str, span: Span) -> Diagnostic {
    diagnostic.help(format!("did you mean `{word}`?")).fix(span, word, format!("write `{word}`"))
}

/// A string without its end.
pub(super) fn unterminated(token: Token<'_>, source: SourceId) -> Diagnostic {
    let open = if token.text.starts_with("r#") { 3 } else { 1 + usize::from(token.text.starts_with('r')) };
    let span = Span::new(source, token.start..token.start + open);
    let found = Diagnostic::new(Code::UnterminatedString, "a string without its closing quote", span)
        .label("the string begins here and must end on the same line");
    if token.text.starts_with('"') && token.text.contains("\\\"") {
        return found.help(r#"`\"` is a quote within the string; for a path that ends in a backslash write r"…\""#);
    }
    found
}

/// Documentation with nothing to document.
pub(super) fn stray_doc(span: Span) -> Diagnostic {
    Diagnostic::new(Code::Syntax, "documentation that stands above no item or field", span)
        .label("nothing here takes documentation")
        .help("a comment has two slashes")
        .fix(Span { end: span.start + 3, ..span }, "//", "make it a comment")
}

/// The place of a token.
pub(super) fn place(source: SourceId, token: Token<'_>) -> Span {
    Span::new(source, token.start..token.end())
}

fn end_of(piece: Piece<'_>) -> Span {
    let end = piece.text.trim_end().len();
    Span::new(piece.source, end..end)
}

fn shortened(text: &str) -> String {
    const MOST: usize = 40;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST).chain(['…']).collect()
}

fn unexpected(found: Token<'_>) -> &'static str {
    match found.kind {
        TokenKind::Word if words::is_reserved(found.text) => "unexpected keyword",
        TokenKind::Word => "unexpected word",
        TokenKind::Number => "unexpected number",
        TokenKind::String | TokenKind::Unterminated => "unexpected string",
        TokenKind::Open | TokenKind::Close | TokenKind::Mark => "unexpected mark",
        TokenKind::Comment | TokenKind::Doc => "unexpected comment",
        TokenKind::Stray => "unexpected character",
    }
}

/// `a, b or c`, of what the rules stand for: marks and keywords first, the end last.
fn expected(rules: &[Rule], end: &'static str) -> String {
    // After `exists` the word may still be read as a name, and then anything may follow: no help.
    if rules.contains(&Rule::name) && rules.contains(&Rule::infix) {
        return "a field name".to_owned();
    }
    let mut list: Vec<(u8, &str)> = Vec::new();
    for rule in rules.iter().filter(|rule| !is_noise(**rule, rules)) {
        let ranked = match rule {
            Rule::EOI => Some((2, end)),
            Rule::close_brace => Some((2, "`}`")),
            Rule::item | Rule::clause | Rule::field_decl | Rule::source_decl => {
                words_for(*rule).map(|words| (1, words))
            }
            _ => words_for(*rule).map(|words| (0, words)),
        };
        list.extend(ranked.filter(|(_, words)| !list.iter().any(|(_, other)| other == words)));
    }
    list.sort_by_key(|(rank, _)| *rank);
    let list: Vec<&str> = list.into_iter().map(|(_, words)| words).collect();
    match list.split_last() {
        None => end.to_owned(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

/// Whether a rule is not worth naming beside the others. Inside brackets the closing one is what is most likely
/// forgotten; after an operand a bracket or alias is unlikely; and one way to go on with a pattern stands for all.
fn is_noise(rule: Rule, beside: &[Rule]) -> bool {
    let closing = || {
        let closes = |rule: &Rule| matches!(rule, Rule::close_bracket | Rule::close_paren | Rule::close_angle);
        beside.iter().any(closes)
    };
    match rule {
        Rule::infix | Rule::dots | Rule::string | Rule::kw_as => closing(),
        Rule::open_paren | Rule::arguments => closing() || beside.contains(&Rule::infix),
        Rule::kw_grouped | Rule::grouped | Rule::kw_over | Rule::over | Rule::kw_having | Rule::having => {
            beside.iter().any(|rule| matches!(rule, Rule::within | Rule::kw_within))
        }
        _ => false,
    }
}

/// The word that was probably meant, among those that could stand there.
fn nearest_word(found: Token<'_>, rules: &[Rule]) -> Option<&'static str> {
    // One or two letters are near to too much.
    if found.kind != TokenKind::Word || !(3..=LONGEST_SLIP).contains(&found.text.len()) {
        return None;
    }
    let candidates = rules.iter().flat_map(|rule| match rule {
        Rule::item => words::ITEMS.to_vec(),
        Rule::clause => words::CLAUSES.to_vec(),
        Rule::infix => words::OPERATORS.to_vec(),
        rule => words_for(*rule).and_then(|words| words.strip_prefix('`')?.strip_suffix('`')).into_iter().collect(),
    });
    let candidates = candidates.filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()));
    suggest::nearest(found.text, candidates).filter(|word| *word != found.text)
}

/// What a rule is called; none for what is never worth naming.
fn words_for(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::item
        | Rule::strategy
        | Rule::class
        | Rule::let_item
        | Rule::predicate
        | Rule::parameter
        | Rule::analytic
        | Rule::sources
        | Rule::event
        | Rule::detect
        | Rule::property => "an item",
        Rule::clause => "a clause such as `pattern` or `entity`",
        Rule::id => "`id`",
        Rule::version => "`version`",
        Rule::status => "`status`",
        Rule::severity => "`severity`",
        Rule::pattern_clause => "`pattern`",
        Rule::entity => "`entity`",
        Rule::suppress => "`suppress`",
        Rule::accept => "`accept`",
        Rule::false_positive => "`falsepositive`",
        Rule::field_decl => "a field",
        Rule::source_decl => "a source such as `DC0016 \"name\" \"channel\" -> class`",
        Rule::property_name => "a property",
        Rule::property_value | Rule::bare_word => "a word or string",
        Rule::target_name => "a target",
        Rule::enum_value => "a value",
        Rule::r#type => "a type",
        Rule::type_list => "`list<…>`",
        Rule::type_enum => "`enum(…)`",
        Rule::type_record => "`record { … }`",
        Rule::bound => "a bound",
        Rule::bound_end => "an end of the range",
        Rule::param => "a parameter",
        Rule::pattern | Rule::pattern_operand | Rule::paren_pattern | Rule::event_name => "an event name or `(`",
        Rule::step | Rule::pattern_op => "an operator such as `then`",
        Rule::grouped => "`grouped by`",
        Rule::within => "`within`",
        Rule::over => "`over`",
        Rule::by => "`by`",
        Rule::having => "`having`",
        Rule::keys | Rule::key => "a field name",
        Rule::expr | Rule::primary | Rule::reference | Rule::presence | Rule::paren | Rule::list | Rule::record => {
            "an expression"
        }
        Rule::infix | Rule::operator => "an operator",
        Rule::comparison => "a comparison such as `in`",
        Rule::ident | Rule::name | Rule::operand_name => "a name",
        Rule::string => "a string",
        Rule::number => "a number",
        Rule::record_field | Rule::record_entry => "a field",
        Rule::list_item => "an entry",
        _ => return mark_or_keyword(rule),
    })
}

fn mark_or_keyword(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::item_block | Rule::field_block | Rule::source_block | Rule::clause_block | Rule::open_brace => "`{`",
        Rule::close_brace => "`}`",
        Rule::open_paren | Rule::params | Rule::arguments => "`(`",
        Rule::close_paren => "`)`",
        Rule::close_bracket => "`]`",
        Rule::open_angle => "`<`",
        Rule::close_angle => "`>`",
        Rule::comma => "`,`",
        Rule::colon => "`:`",
        Rule::assign => "`=`",
        Rule::arrow => "`->`",
        Rule::dots => "`..`",
        Rule::bar => "`|`",
        Rule::kw_on => "`on`",
        Rule::kw_where => "`where`",
        Rule::kw_otherwise => "`otherwise`",
        Rule::kw_in => "`in`",
        Rule::kw_with => "`with`",
        Rule::kw_len => "`len`",
        Rule::kw_then => "`then`",
        Rule::kw_not => "`not`",
        Rule::kw_followed => "`followed`",
        Rule::kw_preceded => "`preceded`",
        Rule::kw_grouped => "`grouped`",
        Rule::kw_by => "`by`",
        Rule::kw_within => "`within`",
        Rule::kw_over => "`over`",
        Rule::kw_having => "`having`",
        Rule::kw_as => "`as`",
        _ => return None,
    })
}

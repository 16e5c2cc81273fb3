//! Everything a dialect may be unable to say.

/// A feature of a detection. The names follow the facts that decide a lowering: whether the entity is a function of the
/// join key, whether one event can stand in two places of a row, which windows and keys change between steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    // ---- patterns
    /// A single event.
    SingleEvent,
    /// `then` whose entity (and outer keys) are functions of its key.
    Then,
    /// `then` with an entity or outer key beyond its key.
    ThenBeyondKey,
    /// `with` of this many operands whose entity is a function of its key.
    With(usize),
    /// `with` and an entity or outer key beyond its key.
    WithBeyondKey(usize),
    /// `not followed by`, single events or groups on both sides.
    NotFollowed,
    /// `not preceded by`, likewise.
    NotPreceded,
    /// `count() >= n` (n given), entity a function of the key.
    Count(i64),
    /// The same, entity beyond the key.
    CountBeyondKey(i64),
    /// `distinct(f) >= n`.
    Distinct,
    /// `sum(f)` or `avg(f)` against a constant.
    SumOrAverage,
    /// `max(f) >= c`, `min(f) < c` and the like: one event is enough. Entity a function of the key.
    Extremum,
    /// The same, entity beyond the key.
    ExtremumBeyondKey,
    /// `max(f) < c`, `min(f) >= c` and the like: all events must.
    ExtremumOfAll,
    /// Any other `having`: several conditions, arithmetic of aggregates, an upper bound on a count.
    AggregateArithmetic,
    /// One aggregate against another that needs all pairs (`max(f) - min(f)`).
    AggregateOfExtrema,
    /// An aggregate that becomes a field of the row.
    AggregateColumn,
    /// `then` or `with` inside `then` or `with`, all on one key (by column equality), each with its own window.
    TwoWindows,
    /// An operand joined on another key than the operator around it.
    ChangingKeys,
    /// `grouped` inside another operator, on the same key.
    GroupAsStep,
    /// A chain (`then`, `with`) as the kept side of a `not …`.
    NegationAfterChain,
    /// A chain or negation as the absent side of a `not …`.
    NegationOfPattern,
    /// A `not …` as an operand of `then` or `with`, or a `grouped` of one.
    NegationAsStep,
    /// A key with differently named fields.
    RenamedKey,
    /// Two steps of one class and the same predicate.
    SelfJoin,
    /// Two operands of a `then` that one event could satisfy.
    OverlapInThen,
    /// Two operands of a `with` that one event could satisfy.
    OverlapInWith,
    /// One event could satisfy steps of different nesting levels.
    OverlapAcrossLevels,
    /// The order of equal times matters: any `then` or `not followed by`.
    EqualTimes,
    /// A key field that may hold several values.
    ListKey,
    /// An entity field that may hold several values.
    ListEntity,
    /// A key that is not text (number, Boolean, datetime).
    TypedKey,
    /// A window that is not in whole seconds.
    SubSecondWindow,
    /// A join of more than this many steps.
    Steps(usize),
    /// An absence that can be judged only after its window: `not followed by`.
    LateJudgement,
    // ---- predicates
    /// A text test that ignores case.
    TextIgnoringCase,
    /// A text test in which case counts.
    TextCased,
    /// A text test with a character outside ASCII that has case, ignoring case.
    CaseBeyondAscii,
    /// A glob with `?`.
    GlobOne,
    /// A glob with `*` inside, or several.
    GlobInner,
    /// A literal `*` or `?` in a text test.
    LiteralWildcard,
    /// A line break in a text test.
    LineBreakInText,
    /// `matches` in which case counts.
    Regex,
    /// `matches nocase`.
    RegexIgnoringCase,
    /// `^` or `$` of a regular expression anywhere but at the ends of a top-level alternative.
    RegexInnerAnchor,
    /// `$` in a regular expression: a trailing newline.
    RegexEnd,
    /// A regular expression that the empty text matches, on a list field.
    RegexEmptyOnList,
    /// A number against a constant.
    NumberTest,
    /// A Boolean test.
    BoolTest,
    /// A moment against a constant.
    TimeTest,
    /// Ports in ranges.
    PortRanges,
    /// Addresses in IPv4 networks.
    NetworkV4,
    /// Addresses in IPv6 networks.
    NetworkV6,
    /// Single addresses.
    AddressEquals,
    /// `exists` or `missing`.
    Presence,
    /// Two text fields compared.
    FieldEqualsField,
    /// Two text fields compared, case counting.
    FieldEqualsFieldCased,
    /// Two number or time fields compared by order or equality, without arithmetic.
    FieldOrder,
    /// Arithmetic of fields.
    Arithmetic,
    /// A test of a field that may hold several values.
    ListField,
}

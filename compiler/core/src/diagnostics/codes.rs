//! The registry of diagnostic codes. Each has a page in `docs/errors/`, which `detc explain CODE` prints.
//!
//! Numbers are stable and never used again. E00xx: reading and syntax; E01xx: names; E02xx: types and values;
//! E03xx: patterns and detections; E04xx: tuning; E05xx: targets, profiles and fidelity; E06xx: events and tests;
//! E07xx: packs; E08xx: ATT&CK; W09xx: warnings.

use super::Severity;

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal $severity:ident;)*) => {
        /// A diagnostic code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[doc = $doc])* $name,)* }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code as users see it, such as `E0101`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The code's own severity.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }

            /// The page that explains the code.
            #[must_use]
            pub const fn page(self) -> &'static str {
                match self { $(Self::$name => include_str!(concat!("../../docs/errors/", $text, ".md")),)* }
            }
        }
    };
}

codes! {
    /// The text is not of the language.
    Syntax = "E0001" Error;
    /// The file is not UTF-8.
    NotUtf8 = "E0002" Error;
    /// A string that has no end.
    UnterminatedString = "E0003" Error;
    /// An expression or pattern nested too deeply.
    TooDeep = "E0004" Error;
    /// A file that cannot be read.
    Unreadable = "E0005" Error;
    /// A field that the event class does not declare.
    UnknownField = "E0101" Error;
    /// An event class that does not exist.
    UnknownClass = "E0102" Error;
    /// A name that is no parameter, let or list.
    UnknownName = "E0103" Error;
    /// A predicate or function that does not exist.
    UnknownFunction = "E0104" Error;
    /// An event that the detection's analytic does not define.
    UnknownEvent = "E0105" Error;
    /// Two items of one name.
    Duplicate = "E0106" Error;
    /// Lets or predicates that use each other.
    Cycle = "E0107" Error;
    /// A field without a prefix that several events of the row declare.
    AmbiguousField = "E0108" Error;
    /// A module that does not exist.
    UnknownModule = "E0109" Error;
    /// A name that may not be used here.
    ReservedName = "E0110" Error;
    /// A value of another type than is needed.
    WrongType = "E0201" Error;
    /// A value outside the bounds of its parameter.
    OutOfBounds = "E0202" Error;
    /// A literal that is no address, network, date, glob or the like.
    BadLiteral = "E0203" Error;
    /// A regular expression outside the portable subset.
    BadRegex = "E0204" Error;
    /// An operator that does not go with the type of its field.
    BadOperator = "E0205" Error;
    /// The wrong number of arguments.
    WrongArity = "E0206" Error;
    /// A pattern without a window.
    NoWindow = "E0301" Error;
    /// A pattern without keys.
    NoKeys = "E0302" Error;
    /// Different operators side by side without parentheses.
    MixedOperators = "E0303" Error;
    /// An event name that stands twice in a pattern.
    EventTwice = "E0304" Error;
    /// A key whose fields differ in type or that names the wrong operands.
    BadKey = "E0305" Error;
    /// A part of a detection that is missing.
    MissingPart = "E0306" Error;
    /// A `having` condition that cannot be.
    BadHaving = "E0307" Error;
    /// A tuning file of the wrong form.
    BadTuning = "E0401" Error;
    /// A parameter that no strategy declares.
    UnknownParameter = "E0402" Error;
    /// A tuning entry past its expiry date.
    ExpiredTuning = "W0903" Warning;
    /// A target that does not exist.
    UnknownTarget = "E0501" Error;
    /// A profile that the target does not have.
    UnknownProfile = "E0502" Error;
    /// Target or profile data of the wrong form.
    BadTargetData = "E0503" Error;
    /// A detection that a target cannot express.
    Unsupported = "E0504" Error;
    /// A detection that a target can only approximate, which the source does not accept.
    NotAccepted = "E0505" Error;
    /// A line that is no event.
    BadEvent = "E0601" Error;
    /// A test file of the wrong form.
    BadTestFile = "E0602" Error;
    /// A test that fails.
    TestFailed = "E0603" Error;
    /// A pack file, lock or manifest of the wrong form.
    BadPackFile = "E0701" Error;
    /// A rule whose version does not go with its content.
    BadVersion = "E0702" Error;
    /// A rule or pack over a limit of its product.
    PackLimit = "E0703" Error;
    /// A detection without an id of its own.
    NoRuleId = "E0704" Error;
    /// A pack that is not what its maker published.
    BadPack = "E0705" Error;
    /// Something that ATT&CK names and the source does not declare.
    AttackMissing = "E0801" Error;
    /// Something that the source declares as ATT&CK's and ATT&CK does not name.
    AttackInvented = "E0802" Error;
    /// A strategy of another version of ATT&CK than the bundle.
    AttackVersion = "E0803" Error;
    /// A file that is no bundle of ATT&CK.
    BadBundle = "E0804" Error;
    /// A source that no detection uses.
    UnusedSource = "W0901" Warning;
    /// A parameter, let, predicate or event that nothing uses.
    UnusedItem = "W0902" Warning;
    /// An acceptance that is not needed.
    NeedlessAcceptance = "W0904" Warning;
    /// A strategy that says it is of ATT&CK and that the bundle does not have.
    NotInAttack = "W0905" Warning;
    /// A list of which no entry can match at a site.
    IdleValues = "W0906" Warning;
}

impl Code {
    /// The code written so, whatever its case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|c| c.as_str().eq_ignore_ascii_case(text))
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

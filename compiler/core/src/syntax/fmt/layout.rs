//! Where lines break.
//!
//! A group is printed on one line if it fits, or else every [`Op::Line`] directly within it is a line end. A comment
//! ends its line whatever the layout says.

/// No line is longer, if it can be broken.
const WIDTH: usize = 120;

/// How far what a comment pushed to a new line is moved in.
const CONTINUATION: usize = 4;

/// A step of printing.
#[derive(Debug, Clone)]
pub(super) enum Op<'t> {
    /// Text without line ends.
    Text(&'t str),
    /// Blanks, to align what follows.
    Pad(usize),
    /// One blank, except at the head of a line.
    Space,
    /// A line end in a broken group; in one on a single line, this text.
    Line(&'static str),
    /// A line end, and an empty line after it if `blank`.
    Hard {
        /// Whether an empty line follows.
        blank: bool,
    },
    /// A comma; before the comment that ends the line.
    Comma,
    /// A comma in a broken group only.
    BrokenComma,
    /// A group begins.
    Open,
    /// A group ends.
    Close,
    /// Lines from here on begin so many columns further right.
    Indent(usize),
    /// The reverse.
    Dedent(usize),
    /// A comment on a line of its own.
    Own {
        /// The comment.
        text: &'t str,
        /// Whether an empty line stands above it.
        above: bool,
        /// Whether an empty line stands below it.
        below: bool,
    },
    /// A comment at the end of a line.
    Trailing(&'t str),
}

/// Carries out the steps.
pub(super) fn render(ops: &[Op<'_>]) -> String {
    let mut page = Page { fresh: true, ..Page::default() };
    // For each open group, whether it is broken; what stands in no group is.
    let mut broken: Vec<bool> = vec![true];
    for (at, op) in ops.iter().enumerate() {
        let is_broken = broken.last().copied().unwrap_or(true);
        match op {
            Op::Text(text) => page.text(text),
            Op::Pad(width) => page.gap = page.gap.max(*width),
            Op::Space => page.gap = page.gap.max(1),
            Op::Line(_) if is_broken => page.newline(false),
            Op::Line(flat) => page.gap = page.gap.max(flat.len()),
            Op::Hard { blank } => page.newline(*blank),
            Op::Comma => page.comma(),
            Op::BrokenComma if is_broken => page.comma(),
            Op::BrokenComma => {}
            Op::Open => broken.push(is_broken && !page.fits(ops.get(at + 1..).unwrap_or_default())),
            Op::Close => {
                broken.pop();
            }
            Op::Indent(width) => page.indent += width,
            Op::Dedent(width) => page.indent = page.indent.saturating_sub(*width),
            Op::Own { text, above, below } => page.own(text, *above, *below),
            Op::Trailing(text) => page.trailing = Some(text),
        }
    }
    page.newline(false);
    page.out
}

#[derive(Default)]
struct Page<'t> {
    out: String,
    /// Columns written on this line.
    column: usize,
    indent: usize,
    /// Nothing is on this line yet.
    fresh: bool,
    /// A comment broke the line that this one goes on.
    continued: bool,
    /// Blanks due before the next text.
    gap: usize,
    /// The comment that will end this line.
    trailing: Option<&'t str>,
}

impl<'t> Page<'t> {
    fn text(&mut self, text: &str) {
        if self.trailing.is_some() {
            self.newline(false);
            self.continued = true;
        }
        let blanks = if self.fresh { self.left() } else { self.gap };
        self.put(blanks, text);
        self.gap = 0;
    }

    fn comma(&mut self) {
        self.gap = 0;
        self.put(0, ",");
    }

    fn put(&mut self, blanks: usize, text: &str) {
        self.out.extend(std::iter::repeat_n(' ', blanks));
        self.out.push_str(text);
        self.column += blanks + text.chars().count();
        self.fresh = false;
    }

    fn left(&self) -> usize {
        self.indent + if self.continued { CONTINUATION } else { 0 }
    }

    /// Ends the line, if anything is on it.
    fn newline(&mut self, blank: bool) {
        if let Some(comment) = self.trailing.take() {
            self.put(1, comment);
        }
        if !self.fresh {
            self.out.push('\n');
        }
        self.fresh = true;
        self.continued = false;
        self.column = 0;
        self.gap = 0;
        if blank && !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn own(&mut self, text: &str, above: bool, below: bool) {
        let continued = self.continued || !self.fresh;
        self.newline(above);
        self.continued = continued;
        let left = self.left();
        self.put(left, text);
        self.newline(below);
        self.continued = continued;
    }

    /// Whether the group that begins here can stand on this line, with what follows it up to the next line end.
    fn fits(&self, ops: &[Op<'t>]) -> bool {
        if self.trailing.is_some() {
            return false;
        }
        let mut column = if self.fresh { self.left() } else { self.column + self.gap };
        let mut depth = 1;
        let mut commented = false;
        for op in ops {
            let inside = depth > 0;
            match op {
                Op::Text(text) => {
                    if commented && inside {
                        return false;
                    }
                    column += text.chars().count();
                }
                Op::Pad(width) => column += width,
                Op::Space | Op::Comma => column += 1,
                Op::Line(flat) if inside => column += flat.len(),
                Op::Hard { .. } | Op::Own { .. } if inside => return false,
                Op::Line(_) | Op::Hard { .. } | Op::Own { .. } => break,
                Op::Trailing(_) if inside => commented = true,
                Op::Trailing(_) => break,
                Op::Open => depth += usize::from(inside),
                Op::Close => depth = depth.saturating_sub(1),
                Op::BrokenComma | Op::Indent(_) | Op::Dedent(_) => {}
            }
            if column > WIDTH {
                return false;
            }
        }
        true
    }
}

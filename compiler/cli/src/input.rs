//! Reading files: strategies found in folders, texts that must be UTF-8. What cannot be read is a diagnostic, and the rest
//! goes on.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use detc_core::diagnostics::{Code, Diagnostic};
use detc_core::source::{SourceId, Sources, Span};

use crate::status::Status;

/// The largest source that is read, in bytes. Strategies and tuning files are written by hand.
const LARGEST: u64 = 64 << 20;

/// The sources of a run and what was wrong with reading them.
#[derive(Debug, Default)]
pub struct Input {
    /// Every text read.
    pub sources: Sources,
    /// Errors so far.
    pub diagnostics: Vec<Diagnostic>,
    /// [`Status::Failed`] if the file system refused something.
    failed: bool,
}

/// A strategy file that could be read.
#[derive(Debug)]
pub struct StrategyFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its text.
    pub id: SourceId,
}

impl Input {
    /// Reads one file. None, and a diagnostic, if that is not possible.
    pub fn read(&mut self, path: &Path) -> Option<SourceId> {
        let name = display(path);
        match read_bytes(path) {
            Ok(bytes) => self.text(name, bytes),
            Err(error) => {
                self.unreadable(&name, &reason(&error));
                None
            }
        }
    }

    /// Adds bytes that were read from somewhere. None, and E0002, if they are not UTF-8.
    pub fn text(&mut self, name: String, bytes: Vec<u8>) -> Option<SourceId> {
        match String::from_utf8(bytes) {
            // An editor's byte order mark is no part of the text.
            Ok(text) => Some(self.sources.add(name, text.strip_prefix('\u{feff}').unwrap_or(&text))),
            Err(error) => {
                let diagnostic = not_utf8(&mut self.sources, name, &error);
                self.diagnostics.push(diagnostic);
                None
            }
        }
    }

    /// Reads the strategies at `paths`: files as they are, folders searched for `*.det`. A file named twice is read once.
    pub fn strategies(&mut self, paths: &[PathBuf]) -> Vec<StrategyFile> {
        let found: Vec<PathBuf> = paths.iter().flat_map(|path| self.find(path)).collect();
        let read = |path: PathBuf| self.read(&path).map(|id| StrategyFile { path, id });
        without_repeats(found).into_iter().filter_map(read).collect()
    }

    /// The strategy files at a path, in the order of their names.
    pub fn find(&mut self, path: &Path) -> Vec<PathBuf> {
        if !path.is_dir() {
            return vec![path.to_owned()];
        }
        let mut files = self.below(path);
        files.retain(|file| file.extension().is_some_and(|extension| extension == "det"));
        if files.is_empty() {
            self.unreadable(&display(path), "there is no `*.det` file in this folder");
        }
        files
    }

    /// Every file below a folder, in the order of their names.
    pub fn all_files(&mut self, folder: &Path) -> Vec<PathBuf> {
        let files = self.below(folder);
        if files.is_empty() && !self.failed {
            self.unreadable(&display(folder), "there is no file in this folder");
        }
        files
    }

    fn below(&mut self, path: &Path) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![path.to_owned()];
        while let Some(folder) = folders.pop() {
            match fs::read_dir(&folder) {
                Ok(entries) => entries.for_each(|entry| match entry {
                    Ok(entry) => sort_entry(&entry, &mut files, &mut folders),
                    Err(error) => self.unreadable(&display(&folder), &reason(&error)),
                }),
                Err(error) => self.unreadable(&display(&folder), &reason(&error)),
            }
        }
        files.sort();
        files
    }

    /// Notes an error of the command line or the file system.
    pub fn refuse(&mut self, diagnostic: Diagnostic) {
        self.failed = true;
        self.diagnostics.push(diagnostic);
    }

    /// How it went so far.
    pub fn status(&self) -> Status {
        if self.failed {
            return Status::Failed;
        }
        Status::of(self.diagnostics.iter().filter(|d| d.is_error()).count())
    }

    fn unreadable(&mut self, name: &str, reason: &str) {
        self.refuse(Diagnostic::bare(Code::Unreadable, format!("cannot read `{name}`: {reason}")));
    }
}

/// The paths without those that lead to the same file as an earlier one.
pub fn without_repeats(paths: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut seen = BTreeSet::new();
    let mut kept = paths;
    kept.retain(|path| seen.insert(fs::canonicalize(path).unwrap_or_else(|_| path.clone())));
    kept
}

/// Hidden entries are passed over, and so are links to folders, which could lead in a circle.
fn sort_entry(entry: &fs::DirEntry, files: &mut Vec<PathBuf>, folders: &mut Vec<PathBuf>) {
    let path = entry.path();
    if entry.file_name().as_encoded_bytes().starts_with(b".") {
        return;
    }
    if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
        folders.push(path);
    } else if path.is_file() {
        files.push(path);
    }
}

/// The bytes of a file that is not too large.
pub fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let about = fs::metadata(path)?;
    if about.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(about.len().min(LARGEST)).unwrap_or_default());
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

/// Why a file cannot be read, without the number of the operating system.
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        io::ErrorKind::FileTooLarge => format!("it is larger than {} MiB", LARGEST >> 20),
        _ => error.to_string(),
    }
}

/// A path as diagnostics show it: as the user gave it, with `/` between the parts.
pub fn display(path: &Path) -> String {
    let text = path.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' { text.into_owned() } else { text.replace(std::path::MAIN_SEPARATOR, "/") }
}

/// E0002 at the first byte that is wrong. The text before it is kept, so that the place can be shown.
fn not_utf8(sources: &mut Sources, name: String, error: &std::string::FromUtf8Error) -> Diagnostic {
    let at = error.utf8_error().valid_up_to();
    let bytes = error.as_bytes();
    let byte = bytes.get(at).copied().unwrap_or_default();
    let title = format!("`{name}` is not UTF-8");
    let file = sources.add(name, String::from_utf8_lossy(bytes));
    let shown = at..at + '\u{fffd}'.len_utf8();
    let label = format!("byte {} of the file is 0x{byte:02x}", at + 1);
    let help = match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "it looks like UTF-16; save it as UTF-8",
        _ => "save it as UTF-8",
    };
    Diagnostic::new(Code::NotUtf8, title, Span::new(file, shown)).label(label).help(help)
}

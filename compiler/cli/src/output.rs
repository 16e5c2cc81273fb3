//! Writing files so that a failure leaves nothing half-written.
//!
//! A file is written beside its place and then renamed. A folder of rules is written whole into a hidden folder inside it,
//! then moved into place file by file; a list of what was written lets the next run replace its own files and remove those
//! that are no longer made, and never touches a file of anybody else.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail};
use detc_core::compile::Artifact;
use serde::{Deserialize, Serialize};

use crate::input::{display, reason};

/// The list of what was written, in the output folder.
const LIST: &str = ".detc-files.json";

/// What becomes of files of an earlier run that this run did not make again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stale {
    /// They are removed.
    Remove,
    /// They stay: this run failed to make something, and what it could not make is not lost.
    Keep,
}

/// What a run changed in an output folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Files written.
    pub files: usize,
    /// Files of an earlier run removed.
    pub removed: usize,
    /// Files of an earlier run kept although this run did not make them.
    pub kept: usize,
}

/// The list of what was written.
#[derive(Debug, Default, Serialize, Deserialize)]
struct List {
    version: u32,
    files: BTreeSet<String>,
}

/// Replaces a file, keeping its permissions. A link stays a link, and what it leads to is replaced.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || -> io::Result<()> {
        let path = fs::canonicalize(path)?;
        let permissions = fs::metadata(&path)?.permissions();
        let beside = beside(&path);
        let staged = fs::write(&beside, bytes)
            .and_then(|()| fs::set_permissions(&beside, permissions))
            .and_then(|()| fs::rename(&beside, &path));
        if staged.is_err() {
            let _ = fs::remove_file(&beside);
        }
        staged
    };
    write().map_err(|error| cannot_write(path, &error))
}

/// Writes artifacts into a folder, which is made if it is not there.
pub fn write_folder(folder: &Path, artifacts: &[Artifact], stale: Stale) -> Result<Written> {
    let made = artifacts.iter().map(|a| a.path.clone()).collect::<BTreeSet<_>>();
    check_paths(artifacts)?;
    let made_folder = make_folders(folder, folder)?;
    let result = owned(folder).and_then(|earlier| {
        check_foreign(folder, artifacts, &earlier)?;
        let staging = folder.join(format!(".detc-{}", std::process::id()));
        let moved = stage(&staging, artifacts).and_then(|()| publish(folder, &staging, &made, &earlier, stale));
        let _ = fs::remove_dir_all(&staging);
        moved
    });
    if result.is_err() {
        for folder in made_folder.iter().rev() {
            // Succeeds only if it is empty, as it was when it was made.
            let _ = fs::remove_dir(folder);
        }
    }
    result
}

/// Every path lies below the folder and names one file on every file system.
fn check_paths(artifacts: &[Artifact]) -> Result<()> {
    let mut seen = BTreeSet::new();
    for Artifact { path, .. } in artifacts {
        if !is_below(path) || path == LIST {
            bail!("`{path}` is no path for a rule");
        }
        if !seen.insert(path.to_lowercase()) {
            bail!("two rules have the path `{path}`");
        }
    }
    Ok(())
}

/// Whether a path leads to a place below the folder it is joined to.
fn is_below(path: &str) -> bool {
    !path.is_empty() && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

/// The files that an earlier run wrote.
fn owned(folder: &Path) -> Result<BTreeSet<String>> {
    let path = folder.join(LIST);
    match fs::read(&path) {
        Ok(bytes) => {
            let list = serde_json::from_slice(&bytes).ok().filter(|list: &List| list.files.iter().all(|f| is_below(f)));
            let list = list.with_context(|| format!("`{}` is damaged; remove it to start afresh", display(&path)))?;
            Ok(list.files)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeSet::new()),
        Err(error) => bail!("cannot read `{}`: {}", display(&path), reason(&error)),
    }
}

/// Refuses to write over a file that no earlier run wrote, unless it is the same.
fn check_foreign(folder: &Path, artifacts: &[Artifact], earlier: &BTreeSet<String>) -> Result<()> {
    for Artifact { path, bytes } in artifacts {
        let place = folder.join(path);
        if !earlier.contains(path) && place.symlink_metadata().is_ok() && fs::read(&place).ok().as_ref() != Some(bytes)
        {
            bail!("`{}` is in the way: detc did not write it, so it does not write over it", display(&place));
        }
    }
    Ok(())
}

/// Writes every artifact below `staging`.
fn stage(staging: &Path, artifacts: &[Artifact]) -> Result<()> {
    for folder in folders(artifacts.iter().map(|a| staging.join(&a.path))) {
        make_folders(&folder, &folder)?;
    }
    for Artifact { path, bytes } in artifacts {
        let place = staging.join(path);
        fs::write(&place, bytes).map_err(|error| cannot_write(&place, &error))?;
    }
    Ok(())
}

/// The folders that some files need, each once.
fn folders(files: impl Iterator<Item = PathBuf>) -> BTreeSet<PathBuf> {
    files.filter_map(|file| file.parent().map(Path::to_owned)).collect()
}

/// Moves what is staged into place. The list comes first and holds old and new files alike, so that a run that is cut off
/// leaves no file that the next one does not know.
fn publish(
    folder: &Path,
    staging: &Path,
    made: &BTreeSet<String>,
    earlier: &BTreeSet<String>,
    stale: Stale,
) -> Result<Written> {
    for parent in folders(made.iter().map(|path| folder.join(path))) {
        make_folders(&parent, &parent)?;
    }
    write_list(folder, earlier.union(made).cloned().collect())?;
    for path in made {
        let place = folder.join(path);
        fs::rename(staging.join(path), &place).map_err(|error| cannot_write(&place, &error))?;
    }
    let left: Vec<&String> = earlier.difference(made).collect();
    let mut written = Written { files: made.len(), removed: 0, kept: 0 };
    let mut owned = made.clone();
    for path in left {
        match stale {
            Stale::Remove => written.removed += usize::from(remove(folder, path)?),
            Stale::Keep => {
                owned.insert(path.clone());
                written.kept += 1;
            }
        }
    }
    write_list(folder, owned)?;
    Ok(written)
}

fn write_list(folder: &Path, files: BTreeSet<String>) -> Result<()> {
    let path = folder.join(LIST);
    let text = serde_json::to_string_pretty(&List { version: 1, files }).context("cannot list the files written")?;
    let beside = beside(&path);
    let written = fs::write(&beside, text + "\n").and_then(|()| fs::rename(&beside, &path));
    written.map_err(|error| cannot_write(&path, &error))
}

/// Removes a file of an earlier run and the folders that are empty without it. False if it was gone.
fn remove(folder: &Path, path: &str) -> Result<bool> {
    let place = folder.join(path);
    match fs::remove_file(&place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => bail!("cannot remove `{}`: {}", display(&place), reason(&error)),
        Ok(()) => {}
    }
    for parent in place.ancestors().skip(1).take_while(|parent| *parent != folder) {
        if fs::remove_dir(parent).is_err() {
            break;
        }
    }
    Ok(true)
}

/// Makes a folder and those above it; returns the ones that were not there, outermost first.
fn make_folders(folder: &Path, needed_for: &Path) -> Result<Vec<PathBuf>> {
    let missing = folder.ancestors().take_while(|f| !f.as_os_str().is_empty() && !f.exists());
    let mut missing: Vec<PathBuf> = missing.map(Path::to_owned).collect();
    missing.reverse();
    let made = fs::create_dir_all(folder);
    if let Err(error) = made {
        for folder in missing.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
        return Err(cannot_write(needed_for, &error));
    }
    Ok(missing)
}

/// A name for a file that will be renamed to `path`.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.detc", std::process::id()))
}

fn cannot_write(path: &Path, error: &io::Error) -> anyhow::Error {
    let why = match error.kind() {
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
            "a file stands where a folder must be".to_owned()
        }
        _ => reason(error),
    };
    anyhow::anyhow!("cannot write `{}`: {why}", display(path))
}

#[cfg(test)]
mod tests;

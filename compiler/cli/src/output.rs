//! Writing files so that a failure leaves nothing half-written.
//!
//! A file is written beside its place and then renamed. A folder of rules is written whole into a hidden folder inside it,
//! then moved into place, folders that are new as one; a file that has its bytes already is left alone. A list of what was
//! written lets the next run replace its own files and remove those that are no longer made, and never touches a file of
//! anybody else.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail};
use detc_core::compile::Artifact;
use detc_core::pack::{SIGNATURE, SUMS};
use serde::{Deserialize, Serialize};

use crate::input::{display, reason};
use crate::parallel;

/// The list of what was written, in the output folder.
const LIST: &str = ".detc-files.json";

/// So many bytes of a file are read at a time: about as many as a rule has.
const BLOCK: usize = 1 << 14;

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
    /// Files that were there already, with the same bytes.
    pub same: usize,
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
        let changed = if is_empty(folder) { artifacts.iter().collect() } else { changed(folder, artifacts, &earlier)? };
        let staging = folder.join(format!(".detc-{}", std::process::id()));
        let files = changed.len();
        let moved = stage(&staging, &changed).and_then(|()| {
            // The list comes first and holds old and new files alike, so that a run that is cut off leaves no file that
            // the next one does not know.
            write_list(folder, earlier.union(&made).cloned().collect(), &earlier)?;
            if files == 0 { Ok(()) } else { move_into(&staging, folder) }
        });
        if files > 0 {
            let _ = fs::remove_dir_all(&staging);
        }
        moved?;
        let written = Written { files, same: made.len() - files, removed: 0, kept: 0 };
        settle(folder, made, &earlier, stale, written)
    });
    if result.is_err() {
        for folder in made_folder.iter().rev() {
            // Succeeds only if it is empty, as it was when it was made.
            let _ = fs::remove_dir(folder);
        }
    }
    result
}

/// Writes a file whole or not at all.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let beside = beside(path);
    let written = fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written.map_err(|error| cannot_write(path, &error))
}

/// Writes a pack: the folder holds just these files then. It must be empty or missing, or hold an earlier pack and nothing
/// else. What is there stays until the new pack is written whole.
pub fn publish(folder: &Path, files: &[Artifact]) -> Result<()> {
    check_paths(files)?;
    let replaced = folder.exists();
    if replaced {
        check_earlier_pack(folder)?;
    }
    let parent = folder.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = folder.file_name().with_context(|| format!("`{}` cannot be replaced: name it", display(folder)))?;
    let made = make_folders(parent, folder)?;
    let hidden = |what: &str| parent.join(format!(".{}.{}.{what}", name.to_string_lossy(), std::process::id()));
    let (staging, old) = (hidden("new"), hidden("old"));
    let swapped = stage(&staging, &files.iter().collect::<Vec<_>>()).and_then(|()| {
        let moved = |from: &Path, to: &Path| fs::rename(from, to).map_err(|error| cannot_write(folder, &error));
        if replaced {
            moved(folder, &old)?;
        }
        moved(&staging, folder).inspect_err(|_| {
            let _ = fs::rename(&old, folder);
        })
    });
    for folder in [&staging, &old] {
        let _ = fs::remove_dir_all(folder);
    }
    if swapped.is_err() {
        for folder in made.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
    swapped
}

/// Refuses a folder that holds anything but a pack.
fn check_earlier_pack(folder: &Path) -> Result<()> {
    let files = read_folder(folder)?;
    let sums = files.get(SUMS).map(|bytes| String::from_utf8_lossy(bytes)).unwrap_or_default();
    let listed: BTreeSet<&str> = sums.lines().filter_map(|line| Some(line.split_once("  ")?.1)).collect();
    let own = |path: &str| listed.contains(path) || path == SUMS || path == SIGNATURE;
    match files.keys().find(|path| !own(path)) {
        Some(path) => bail!(
            "`{}` is in the way: it belongs to no earlier pack; choose an empty folder",
            display(&folder.join(path))
        ),
        None => Ok(()),
    }
}

/// Every file below a folder, by its path with `/` between the parts.
pub fn read_folder(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        let cannot_read = |error: &io::Error| anyhow::anyhow!("cannot read `{}`: {}", display(&next), reason(error));
        for entry in fs::read_dir(&next).map_err(|e| cannot_read(&e))? {
            let path = entry.map_err(|e| cannot_read(&e))?.path();
            if path.is_dir() && !path.is_symlink() {
                open.push(path);
                continue;
            }
            let below = path.strip_prefix(folder).unwrap_or(&path);
            let name: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
            let bytes =
                fs::read(&path).map_err(|e| anyhow::anyhow!("cannot read `{}`: {}", display(&path), reason(&e)))?;
            found.insert(name.join("/"), bytes);
        }
    }
    Ok(found)
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

/// The artifacts whose place does not hold their bytes yet. Refuses to write over what no earlier run wrote.
fn changed<'a>(folder: &Path, artifacts: &'a [Artifact], earlier: &BTreeSet<String>) -> Result<Vec<&'a Artifact>> {
    let changed = parallel::map(artifacts, |artifact| Ok(is_changed(folder, artifact, earlier)?.then_some(artifact)));
    changed.into_iter().filter_map(Result::transpose).collect()
}

fn is_changed(folder: &Path, artifact: &Artifact, earlier: &BTreeSet<String>) -> Result<bool> {
    let place = folder.join(&artifact.path);
    match holds(&place, &artifact.bytes) {
        Ok(true) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Err(cannot_write(&place, &error)),
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => bail!(in_the_way(&place)),
        Ok(_) | Err(_) if earlier.contains(&artifact.path) => Ok(true),
        Ok(_) | Err(_) => bail!(in_the_way(&place)),
    }
}

/// Whether a folder is known to hold nothing.
fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

/// Whether a file holds just these bytes.
fn holds(place: &Path, mut bytes: &[u8]) -> io::Result<bool> {
    let mut file = fs::File::open(place)?;
    let mut block = [0; BLOCK];
    loop {
        let count = match file.read(&mut block) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        match block.get(..count).and_then(|read| bytes.strip_prefix(read)) {
            Some(_) if count == 0 => return Ok(bytes.is_empty()),
            Some(rest) => bytes = rest,
            None => return Ok(false),
        }
    }
}

fn in_the_way(place: &Path) -> String {
    format!("`{}` is in the way: detc did not write it, so it does not write over it", display(place))
}

/// Writes artifacts below `staging`, folder by folder.
fn stage(staging: &Path, artifacts: &[&Artifact]) -> Result<()> {
    let folder_of = |artifact: &Artifact| staging.join(&artifact.path).parent().map(Path::to_owned);
    let groups: Vec<&[&Artifact]> = artifacts.chunk_by(|a, b| folder_of(a) == folder_of(b)).collect();
    let write = |group: &&[&Artifact]| -> Result<()> {
        if let Some(folder) = group.first().and_then(|artifact| folder_of(artifact)) {
            fs::create_dir_all(&folder).map_err(|error| cannot_write(&folder, &error))?;
        }
        for artifact in *group {
            let place = staging.join(&artifact.path);
            fs::write(&place, &artifact.bytes).map_err(|error| cannot_write(&place, &error))?;
        }
        Ok(())
    };
    parallel::map(&groups, write).into_iter().collect()
}

/// Moves what is in one folder into another: a folder that is not there yet as a whole, else file by file.
fn move_into(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from).map_err(|error| cannot_write(to, &error))? {
        let staged = entry.map_err(|error| cannot_write(to, &error))?.path();
        let place = to.join(staged.file_name().unwrap_or_default());
        if staged.is_dir() && place.is_dir() {
            move_into(&staged, &place)?;
        } else {
            fs::rename(&staged, &place).map_err(|error| cannot_write(&place, &error))?;
        }
    }
    Ok(())
}

/// Removes, or notes as kept, what an earlier run made and this one did not.
fn settle(
    folder: &Path,
    made: BTreeSet<String>,
    earlier: &BTreeSet<String>,
    stale: Stale,
    mut written: Written,
) -> Result<Written> {
    let listed = earlier.union(&made).cloned().collect();
    let mut owned = made;
    for path in earlier {
        if owned.contains(path) {
            continue;
        }
        match stale {
            Stale::Remove => written.removed += usize::from(remove(folder, path)?),
            Stale::Keep => {
                owned.insert(path.clone());
                written.kept += 1;
            }
        }
    }
    write_list(folder, owned, &listed)?;
    Ok(written)
}

/// Writes the list, unless that is what it holds already.
fn write_list(folder: &Path, files: BTreeSet<String>, before: &BTreeSet<String>) -> Result<()> {
    let path = folder.join(LIST);
    if files == *before {
        return Ok(());
    }
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

//! `detc verify`: whether a folder is the pack that its maker published.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use detc_core::diagnostics::{Code, Diagnostic};
use detc_core::pack::verify::{Files, verify};
use detc_core::pack::{MANIFEST, SIGNATURE, SUMS};
use detc_core::source::Sources;
use serde_json::Value;

use crate::args::Format;
use crate::console::Console;
use crate::input::display;
use crate::output;
use crate::signature;
use crate::status::Status;

/// Arguments of `detc verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Every file must be listed in SHA256SUMS and have its hash, none may be missing or too many, and pack.json and the provenance \
must say the same. With a public key, SHA256SUMS must bear the signature of its owner. Without one, a signature is not looked \
at: whoever can change the files can change their hashes.

Examples:
  detc verify dist
  detc verify dist --key pack.pub")]
pub struct Args {
    /// The folder of the pack
    #[arg(value_name = "DIR")]
    folder: PathBuf,

    /// The minisign public key of the pack's maker
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,

    /// The form of diagnostics
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<Status> {
    if !args.folder.is_dir() {
        bail!("there is no folder `{}`", display(&args.folder));
    }
    let files = output::read_folder(&args.folder)?;
    let mut errors = verify(&files);
    let mut signed = None;
    if let Some(key) = &args.key {
        match signature_of(&files, key)? {
            Ok(about) => signed = Some(about),
            Err(error) => errors.push(error),
        }
    }
    console.report(&Sources::default(), &errors);
    if errors.is_empty() {
        let signed = signed.map(|about| format!(", signed: {about}")).unwrap_or_default();
        console.say(&format!("{}: {} files{signed}", title(&files), files.len()));
    }
    Ok(Status::of(errors.len()))
}

/// What the signature of the hashes is about, or what is wrong with it.
fn signature_of(files: &Files, key: &Path) -> Result<std::result::Result<String, Diagnostic>> {
    let (Some(sums), Some(signed)) = (files.get(SUMS), files.get(SIGNATURE)) else {
        return Ok(Err(Diagnostic::bare(Code::BadPack, format!("there is no `{SIGNATURE}`"))));
    };
    let result = signature::verify(key, sums, &String::from_utf8_lossy(signed))?;
    Ok(result.map_err(|e| {
        Diagnostic::bare(
            Code::BadPack,
            format!("the signature of `{SUMS}` is not by the owner of `{}`: {e}", display(key)),
        )
    }))
}

/// The pack's name and version.
fn title(files: &Files) -> String {
    let manifest: Value = files.get(MANIFEST).and_then(|m| serde_json::from_slice(m).ok()).unwrap_or_default();
    let text = |key: &str| manifest.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    format!("{} {}", text("name"), text("version"))
}

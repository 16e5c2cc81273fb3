//! Archives whose bytes depend on nothing but what is in them: entries in order of path, owner 0, mode 0644, one time.

use std::io::{Cursor, Write};

use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::compile::Artifact;

/// Read and write for the owner, read for everybody else.
const MODE: u32 = 0o644;

/// The marker of an unknown file system in a gzip header.
const OS_UNKNOWN: u8 = 255;

/// A gzip-compressed ustar archive. `epoch` is the time of every entry, in seconds since 1970.
///
/// # Errors
/// Names the path that the format cannot hold: of more than 255 bytes, or without a `/` among its last 100.
pub fn tgz(files: &[Artifact], epoch: u64) -> Result<Vec<u8>, String> {
    let mut builder = Builder::new(Vec::new());
    for file in in_order(files) {
        let mut header = Header::new_ustar();
        let failed = |e: std::io::Error| format!("`{}` does not fit into a tar archive: {e}", file.path);
        header.set_path(&file.path).map_err(failed)?;
        header.set_entry_type(EntryType::Regular);
        header.set_size(file.bytes.len() as u64);
        header.set_mode(MODE);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(epoch);
        header.set_cksum();
        builder.append(&header, file.bytes.as_slice()).map_err(failed)?;
    }
    let tar = builder.into_inner().map_err(|e| e.to_string())?;
    let mut gzip = GzBuilder::new().mtime(0).operating_system(OS_UNKNOWN).write(Vec::new(), Compression::best());
    gzip.write_all(&tar).and_then(|()| gzip.finish()).map_err(|e| e.to_string())
}

/// A zip archive. Its entries bear the first time that the format knows, 1980-01-01.
///
/// # Errors
/// Names the path that the format cannot hold.
pub fn zip(files: &[Artifact]) -> Result<Vec<u8>, String> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(MODE);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for file in in_order(files) {
        let failed = |e: String| format!("`{}` does not fit into a zip archive: {e}", file.path);
        writer.start_file(&*file.path, options).map_err(|e| failed(e.to_string()))?;
        writer.write_all(&file.bytes).map_err(|e| failed(e.to_string()))?;
    }
    Ok(writer.finish().map_err(|e| e.to_string())?.into_inner())
}

fn in_order(files: &[Artifact]) -> Vec<&Artifact> {
    let mut ordered: Vec<&Artifact> = files.iter().collect();
    ordered.sort_by(|a, b| a.path.cmp(&b.path));
    ordered
}

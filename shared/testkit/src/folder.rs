//! Files that services read, and that change while they do.

use std::fs;
use std::io;
use std::path::PathBuf;

use uuid::Uuid;

/// A temporary folder. It goes when it is dropped.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// A new one.
    pub fn new() -> io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("orchard-files-{}", Uuid::new_v4().simple()));
        fs::create_dir(&folder)?;
        Ok(Self(folder))
    }

    /// The file of that name.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Puts a file there in place of any other. A reader sees the old or the new content, never a part.
    pub fn put(&self, name: &str, text: impl AsRef<[u8]>) -> io::Result<PathBuf> {
        let (new, file) = (self.file(&format!("{name}.new")), self.file(name));
        fs::write(&new, text)?;
        fs::rename(new, &file)?;
        Ok(file)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

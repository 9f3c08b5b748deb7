//! Values that are made from PEM files and follow their changes.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::error::InvalidTls;

/// Reads PEM files and remembers their content; `None` for a file that could not be read.
#[derive(Default)]
pub(crate) struct Files(Vec<(PathBuf, Option<Vec<u8>>)>);

impl Files {
    /// Reads certificates, at least one.
    pub(crate) fn certificates(&mut self, file: &Path) -> Result<Vec<CertificateDer<'static>>, InvalidTls> {
        let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.read(file)?).collect();
        match read {
            Ok(certificates) if certificates.is_empty() => Err(InvalidTls::unusable(file, "certificate", "none found")),
            Ok(certificates) => Ok(certificates),
            Err(error) => Err(InvalidTls::unusable(file, "certificate", error)),
        }
    }

    /// Reads a private key.
    pub(crate) fn key(&mut self, file: &Path) -> Result<PrivateKeyDer<'static>, InvalidTls> {
        PrivateKeyDer::from_pem_slice(&self.read(file)?).map_err(|error| InvalidTls::unusable(file, "private key", error))
    }

    /// Reads authorities, all of which must be usable.
    pub(crate) fn authorities(&mut self, file: &Path) -> Result<RootCertStore, InvalidTls> {
        let mut store = RootCertStore::empty();
        for certificate in self.certificates(file)? {
            store.add(certificate).map_err(|error| InvalidTls::unusable(file, "authority", error))?;
        }
        Ok(store)
    }

    /// Reads authorities and skips unusable ones, of which a system's bundle may hold some.
    pub(crate) fn bundle(&mut self, file: &Path) -> Result<RootCertStore, InvalidTls> {
        let mut store = RootCertStore::empty();
        match store.add_parsable_certificates(self.certificates(file)?) {
            (0, _) => Err(InvalidTls::unusable(file, "authority", "none is usable")),
            _ => Ok(store),
        }
    }

    fn read(&mut self, file: &Path) -> Result<Vec<u8>, InvalidTls> {
        let read = std::fs::read(file);
        self.0.push((file.to_owned(), read.as_ref().ok().cloned()));
        read.map_err(|cause| InvalidTls::Unreadable { file: file.to_owned(), cause })
    }

    fn have_changed(&self) -> bool {
        self.0.iter().any(|(file, content)| std::fs::read(file).ok() != *content)
    }
}

type Make<T> = dyn Fn(&mut Files) -> Result<T, InvalidTls> + Send + Sync;

/// A value made from files, and made again whenever their content changes.
pub(crate) struct Reloaded<T> {
    make: Box<Make<T>>,
    current: Mutex<(Files, Arc<T>)>,
}

impl<T> Reloaded<T> {
    /// Makes the value for the first time; the files must be usable.
    pub(crate) fn load(make: impl Fn(&mut Files) -> Result<T, InvalidTls> + Send + Sync + 'static) -> Result<Self, InvalidTls> {
        let mut files = Files::default();
        let made = Arc::new(make(&mut files)?);
        Ok(Self { make: Box::new(make), current: Mutex::new((files, made)) })
    }

    /// Returns the value that the files make now, or the previous one while they are missing or unusable.
    ///
    /// Reads the files each time: they are small, a handshake costs far more, and neither modification times nor file events tell
    /// reliably that a volume was swapped under a symbolic link.
    pub(crate) fn current(&self) -> Arc<T> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let (files, made) = &mut *current;
        if files.have_changed() {
            *files = Files::default();
            match (self.make)(files) {
                Ok(new) => {
                    tracing::info!("certificates reloaded");
                    *made = Arc::new(new);
                }
                Err(error) => tracing::warn!(%error, "cannot reload certificates; keeping the previous ones"),
            }
        }
        Arc::clone(made)
    }
}

impl<T> std::fmt::Debug for Reloaded<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reloaded").finish_non_exhaustive()
    }
}

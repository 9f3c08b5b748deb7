//! Files, and what is made of them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::InvalidTls;

/// Reads PEM files, and remembers what they held; `None` if that could not be read.
#[derive(Default)]
pub(crate) struct Files(Vec<(PathBuf, Option<Vec<u8>>)>);

impl Files {
    pub(crate) fn certificates(&mut self, file: &Path) -> Result<Vec<CertificateDer<'static>>, InvalidTls> {
        let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(self.read(file)?).collect();
        match read {
            Ok(certificates) if certificates.is_empty() => Err(InvalidTls::unusable(file, "certificate", "there is none")),
            Ok(certificates) => Ok(certificates),
            Err(error) => Err(InvalidTls::unusable(file, "certificate", error)),
        }
    }

    pub(crate) fn key(&mut self, file: &Path) -> Result<PrivateKeyDer<'static>, InvalidTls> {
        PrivateKeyDer::from_pem_slice(self.read(file)?).map_err(|error| InvalidTls::unusable(file, "private key", error))
    }

    pub(crate) fn authorities(&mut self, file: &Path) -> Result<RootCertStore, InvalidTls> {
        let mut store = RootCertStore::empty();
        for certificate in self.certificates(file)? {
            store.add(certificate).map_err(|error| InvalidTls::unusable(file, "authority", error))?;
        }
        Ok(store)
    }

    /// As [`Files::authorities`], but passes over those that cannot be used: a system's bundle has all kinds.
    pub(crate) fn bundle(&mut self, file: &Path) -> Result<RootCertStore, InvalidTls> {
        let mut store = RootCertStore::empty();
        match store.add_parsable_certificates(self.certificates(file)?) {
            (0, _) => Err(InvalidTls::unusable(file, "authority", "none can be used")),
            _ => Ok(store),
        }
    }

    fn read(&mut self, file: &Path) -> Result<&[u8], InvalidTls> {
        let read = std::fs::read(file);
        let cause = read.as_ref().err().map(ToString::to_string);
        self.0.push((file.to_owned(), read.ok()));
        match self.0.last() {
            Some((_, Some(text))) => Ok(text),
            _ => Err(InvalidTls::unusable(file, "text", cause.unwrap_or_default())),
        }
    }

    fn have_changed(&self) -> bool {
        self.0.iter().any(|(file, held)| std::fs::read(file).ok() != *held)
    }
}

type Make<T> = dyn Fn(&mut Files) -> Result<T, InvalidTls> + Send + Sync;

/// Made of files, and made anew when they hold something else.
pub(crate) struct Reloaded<T> {
    make: Box<Make<T>>,
    current: Mutex<(Files, Arc<T>)>,
}

impl<T> Reloaded<T> {
    pub(crate) fn load(make: impl Fn(&mut Files) -> Result<T, InvalidTls> + Send + Sync + 'static) -> Result<Self, InvalidTls> {
        let mut files = Files::default();
        let made = Arc::new(make(&mut files)?);
        Ok(Self { make: Box::new(make), current: Mutex::new((files, made)) })
    }

    /// What the files make now; what they made before, while they are away or make nothing.
    ///
    /// It reads them each time: they are small, a handshake costs far more, and neither times nor events of files tell reliably that
    /// a volume was swapped under a symbolic link.
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
                Err(error) => tracing::warn!(%error, "the certificates before are kept"),
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

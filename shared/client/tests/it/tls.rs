use std::net::SocketAddr;
use std::sync::Arc;

use orchard_client::InvalidUpstream;
use orchard_testkit::answer::refused;
use orchard_testkit::cable::Cable;
use orchard_testkit::certificates::{Authority, Certificate};
use orchard_testkit::folder::Folder;
use orchard_testkit::probe::Probe;
use orchard_testkit::probe::pb::probe_service_client::ProbeServiceClient;
use orchard_testkit::service::{Running, options};
use orchard_tls::{InvalidTls, ListenerTls, ListenerTlsOptions, UpstreamTls, UpstreamTlsOptions};
use tonic::Request;

use crate::world::{Addresses, Client, World, read, unavailable};

/// The name of the tests' service.
const NAME: &str = "probe";
const URL: &str = "https://probe";

/// The PEM files of one side of a connection.
struct Side(Folder);

impl Side {
    /// Presents `own` and trusts `authority`.
    fn new(own: &Certificate, authority: &Authority) -> anyhow::Result<Self> {
        let side = Self(Folder::new()?);
        side.present(own)?;
        side.0.put("ca.pem", authority.pem())?;
        Ok(side)
    }

    fn present(&self, own: &Certificate) -> anyhow::Result<()> {
        // The key first: between the two steps, key and certificate do not match.
        self.0.put("key.pem", &own.key_pem)?;
        self.0.put("cert.pem", &own.cert_pem)?;
        Ok(())
    }

    fn listener(&self) -> ListenerTlsOptions {
        ListenerTlsOptions {
            tls_cert_file: Some(self.0.file("cert.pem")),
            tls_key_file: Some(self.0.file("key.pem")),
            tls_client_ca_file: Some(self.0.file("ca.pem")),
        }
    }

    fn upstream(&self) -> UpstreamTlsOptions {
        UpstreamTlsOptions {
            upstream_ca_file: Some(self.0.file("ca.pem")),
            upstream_cert_file: Some(self.0.file("cert.pem")),
            upstream_key_file: Some(self.0.file("key.pem")),
        }
    }
}

/// A replica, a caller, and matching files of both.
struct Pair {
    world: World,
    service: Side,
    caller: Side,
    replica: Running,
}

impl Pair {
    async fn start(authority: &Authority) -> anyhow::Result<Self> {
        let service = Side::new(&authority.issue(&[NAME])?, authority)?;
        let caller = Side::new(&authority.issue(&["edge"])?, authority)?;
        let world = World::new()?;
        let mut options = options(&world.keys);
        options.tls = service.listener();
        let echo = Probe::new(|request: Request<String>| async { Ok(request.into_inner()) });
        let replica = Running::start(echo.server(), &options).await?;
        Ok(Self { world, service, caller, replica })
    }

    fn client_by(&self, url: &str, at: SocketAddr, tls: &UpstreamTlsOptions) -> anyhow::Result<Client> {
        let builder = self.world.builder(url, &Addresses::new(&[at]))?.tls(UpstreamTls::load(tls)?.map(Arc::new));
        Ok(ProbeServiceClient::new(builder.build()?.as_service()?))
    }

    /// Returns a new caller with its own connection.
    fn client(&self) -> anyhow::Result<Client> {
        self.client_by(URL, self.replica.address, &self.caller.upstream())
    }
}

#[tokio::test]
async fn both_sides_must_prove_their_names() -> anyhow::Result<()> {
    let (ours, theirs) = (Authority::new()?, Authority::new()?);
    let pair = Pair::start(&ours).await?;
    assert_eq!(read(&pair.client()?, "hello").await?, "hello");

    let address = pair.replica.address;
    let clear = pair.client_by("http://probe", address, &UpstreamTlsOptions::default())?;
    assert_eq!(refused(read(&clear, "").await), unavailable(), "a caller without TLS");
    let anonymous = UpstreamTlsOptions { upstream_cert_file: None, upstream_key_file: None, ..pair.caller.upstream() };
    assert_eq!(
        refused(read(&pair.client_by(URL, address, &anonymous)?, "").await),
        unavailable(),
        "a caller without a certificate"
    );
    pair.caller.present(&theirs.issue(&["edge"])?)?;
    assert_eq!(refused(read(&pair.client()?, "").await), unavailable(), "a caller of another authority");
    pair.caller.present(&ours.issue(&["edge"])?)?;

    for (which, other) in [("of another authority", theirs.issue(&[NAME])?), ("of another name", ours.issue(&["family"])?)] {
        pair.service.present(&other)?;
        assert_eq!(refused(read(&pair.client()?, "").await), unavailable(), "a service {which}");
    }
    pair.service.present(&ours.issue(&[NAME])?)?;
    assert_eq!(read(&pair.client()?, "hello again").await?, "hello again");
    Ok(())
}

#[tokio::test]
async fn certificates_and_authorities_can_change_at_run_time() -> anyhow::Result<()> {
    let (old, new) = (Authority::new()?, Authority::new()?);
    let pair = Pair::start(&old).await?;
    let cable = Cable::to(pair.replica.address).await?;
    let client = pair.client_by(URL, cable.address, &pair.caller.upstream())?;
    assert_eq!(read(&client, "old").await?, "old");
    for (side, name) in [(&pair.service, NAME), (&pair.caller, "edge")] {
        side.present(&new.issue(&[name])?)?;
        side.0.put("ca.pem", new.pem())?;
    }
    assert_eq!(read(&client, "on the open connection").await?, "on the open connection");
    cable.cut();
    assert_eq!(read(&client, "new").await?, "new");
    // The old authority is no longer trusted, on either side.
    let late = Side::new(&old.issue(&["edge"])?, &new)?;
    assert_eq!(refused(read(&pair.client_by(URL, pair.replica.address, &late.upstream())?, "").await), unavailable());
    let late = Side::new(&new.issue(&["edge"])?, &old)?;
    assert_eq!(refused(read(&pair.client_by(URL, pair.replica.address, &late.upstream())?, "").await), unavailable());
    Ok(())
}

#[tokio::test]
async fn unusable_files_keep_the_previous_certificates() -> anyhow::Result<()> {
    let authority = Authority::new()?;
    let pair = Pair::start(&authority).await?;
    let cable = Cable::to(pair.replica.address).await?;
    let client = pair.client_by(URL, cable.address, &pair.caller.upstream())?;
    let other_key = authority.issue(&[NAME])?.key_pem;
    for (file, text) in [("key.pem", other_key.as_str()), ("cert.pem", "rubbish"), ("ca.pem", "")] {
        for side in [&pair.service, &pair.caller] {
            side.0.put(file, text)?;
        }
        cable.cut();
        assert_eq!(read(&client, file).await?, file);
    }
    Ok(())
}

#[tokio::test]
async fn unusable_files_are_refused_at_start() -> anyhow::Result<()> {
    let authority = Authority::new()?;
    let side = Side::new(&authority.issue(&[NAME])?, &authority)?;
    let message = |result: Result<(), InvalidTls>| result.expect_err("unusable").to_string();
    let both = || {
        let listener = ListenerTls::load(&side.listener()).map(|_| ());
        let upstream = UpstreamTls::load(&side.upstream()).map(|_| ());
        [message(listener), message(upstream)]
    };
    for (file, text, expected) in [
        ("key.pem", authority.issue(&[NAME])?.key_pem, "do not match"),
        ("key.pem", "rubbish".to_owned(), "no usable private key"),
        ("cert.pem", String::new(), "no usable certificate: none found"),
        ("ca.pem", String::new(), "no usable certificate: none found"),
    ] {
        side.0.put(file, text)?;
        for said in both() {
            assert!(said.contains(expected), "{file}: {said}");
        }
    }
    std::fs::remove_file(side.0.file("ca.pem"))?;
    for said in both() {
        assert!(said.contains("ca.pem") && said.contains("No such file"), "{said}");
    }
    let world = World::new()?;
    let without = world.builder(URL, &Addresses::new(&[]))?.build();
    assert!(matches!(without, Err(InvalidUpstream::Authorities(_))), "{without:?}");
    Ok(())
}

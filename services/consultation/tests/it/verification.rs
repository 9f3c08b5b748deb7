//! Decisions about professionals: each one for each status, and by whom.

use orchard_proto::consultation::v1 as pb;
use orchard_proto::consultation::v1::verification_service_client::VerificationServiceClient;
use orchard_testkit::answer::{metadata, refused, violations};
use pb::VerificationStatus::{Pending, Suspended, Verified};
use tonic::{Code, Status};

use crate::world::Someone::{Operator, User};
use crate::world::{World, flora, id, insist};

pub fn degree() -> pb::VerificationDocument {
    pb::VerificationDocument {
        kind: pb::DocumentKind::Degree.into(),
        url: "https://example.org/degree".to_owned(),
        sha256: "0f".repeat(32),
    }
}

impl World {
    pub async fn reject(&self, professional: &str, note: &str) -> Result<pb::Professional, Status> {
        self.reject_read(professional, note, "").await
    }

    pub async fn reject_read(&self, professional: &str, note: &str, etag: &str) -> Result<pb::Professional, Status> {
        let (professional_id, note, etag) = (professional.to_owned(), note.to_owned(), etag.to_owned());
        let request = pb::RejectProfessionalRequest { professional_id, note, etag };
        Ok(self.verification().reject_professional(request).await?.into_inner().professional.expect("a professional"))
    }

    pub async fn restore(&self, professional: &str) -> Result<pb::Professional, Status> {
        let request = pb::RestoreProfessionalRequest { professional_id: professional.to_owned() };
        Ok(self.verification().restore_professional(request).await?.into_inner().professional.expect("a professional"))
    }

    async fn decide(&self, verb: &str, professional: &str) -> Result<pb::Professional, Status> {
        match verb {
            "verify" => self.verify(professional).await,
            "reject" => self.reject(professional, "No").await,
            "suspend" => self.suspend(professional, "No").await,
            _ => self.restore(professional).await,
        }
    }
}

#[tokio::test]
async fn each_decision_is_made_or_refused_in_each_status() -> anyhow::Result<()> {
    let world = World::start().await?;
    for (status, outcomes) in [
        ("pending", [("verify", Some(Verified)), ("reject", Some(Pending)), ("suspend", None), ("restore", None)]),
        ("verified", [("verify", Some(Verified)), ("reject", None), ("suspend", Some(Suspended)), ("restore", Some(Verified))]),
        ("suspended", [("verify", None), ("reject", None), ("suspend", Some(Suspended)), ("restore", Some(Verified))]),
    ] {
        for (verb, outcome) in outcomes {
            let entry = world.create(User(id()), flora()).await?.professional_id;
            if status != "pending" {
                world.verify(&entry).await?;
            }
            if status == "suspended" {
                world.suspend(&entry, "Why").await?;
            }
            let answer = world.decide(verb, &entry).await;
            match outcome {
                Some(outcome) => {
                    let first = answer?;
                    assert_eq!(first.verification_status(), outcome, "{verb} {status}");
                    assert_eq!(world.decide(verb, &entry).await?, first, "{verb} {status}, again");
                }
                None => {
                    let answer = answer.expect_err("refused");
                    assert_eq!(metadata(&answer, "verification_status").as_deref(), Some(status));
                    let wrong = (Code::FailedPrecondition, "WRONG_VERIFICATION_STATUS".to_owned());
                    assert_eq!(refused::<()>(Err(answer)), wrong, "{verb} {status}");
                }
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_reason_is_told_to_the_professional_and_to_nobody_else() -> anyhow::Result<()> {
    let world = World::start().await?;
    let own = User(id());
    let entry = world.create(own, flora()).await?.professional_id;
    world.reject(&entry, "The licence is out of date.").await?;
    assert_eq!(world.get(own, &entry).await?.verification_note, "The licence is out of date.");
    assert_eq!(world.reject(&entry, "Unreadable.").await?.verification_note, "Unreadable.");
    assert_eq!(world.verify(&entry).await?.verification_note, "", "which is over");
    let seen = world.get(User(id()), &entry).await?;
    assert_eq!((seen.verification_status(), seen.verification_note.as_str()), (Verified, ""));
    world.suspend(&entry, "Complaints.").await?;
    assert_eq!(world.get(own, &entry).await?.verification_note, "Complaints.");
    let gone = (Code::NotFound, "PROFESSIONAL_NOT_FOUND".to_owned());
    assert_eq!(refused(world.get(User(id()), &entry).await), gone);
    assert_eq!(world.restore(&entry).await?.verification_note, "");
    assert!(world.get(User(id()), &entry).await.is_ok());

    for note in ["", "  "] {
        assert_eq!(violations(world.suspend(&entry, note).await), ["note"]);
    }
    assert_eq!(violations(world.reject("x", &"x".repeat(1_001)).await), ["professional_id", "note"]);
    assert_eq!(refused(world.verify_read(&id().to_string(), "1").await), gone);
    Ok(())
}

#[tokio::test]
async fn nobody_decides_about_themselves() -> anyhow::Result<()> {
    let world = World::start().await?;
    let user = id();
    let professional_id = world.create(User(user), flora()).await?.professional_id;
    let mut client = VerificationServiceClient::new(world.client(Operator(user))?);
    let (own, note, etag) = (|| professional_id.clone(), || "Why".to_owned(), || "1".to_owned());
    let reject = pb::RejectProfessionalRequest { professional_id: own(), note: note(), etag: etag() };
    let answers = [
        client.verify_professional(pb::VerifyProfessionalRequest { professional_id: own(), etag: etag() }).await.map(drop),
        client.reject_professional(reject).await.map(drop),
        client.suspend_professional(pb::SuspendProfessionalRequest { professional_id: own(), note: note() }).await.map(drop),
        client.restore_professional(pb::RestoreProfessionalRequest { professional_id: own() }).await.map(drop),
    ];
    let own_professional = (Code::FailedPrecondition, "OWN_PROFESSIONAL".to_owned());
    for answer in answers {
        assert_eq!(refused(answer), own_professional);
    }
    // Nor do they change what others have verified.
    world.verify(&professional_id).await?;
    let renamed = pb::Professional { professional_id: own(), professional_name: "Dr. X".to_owned(), ..Default::default() };
    assert_eq!(refused(world.update(Operator(user), renamed, &["professional_name"]).await), own_professional);
    let documents = pb::SetVerificationDocumentsRequest { professional_id: own(), documents: vec![degree()] };
    assert_eq!(refused(world.professionals(Operator(user))?.set_verification_documents(documents).await), own_professional);
    Ok(())
}

#[tokio::test]
async fn operators_verify_what_they_have_read_and_nothing_else() -> anyhow::Result<()> {
    let world = World::start().await?;
    let own = User(id());
    let read = world.create(own, flora()).await?;
    let entry = read.professional_id.as_str();
    let changed = (Code::Aborted, "PROFESSIONAL_CHANGED".to_owned());
    let renamed = pb::Professional { professional_name: "Other".to_owned(), ..read.clone() };
    let renamed = world.update(own, renamed, &["professional_name"]).await?;
    assert_eq!(refused(world.verify_read(entry, &read.etag).await), changed);
    assert_eq!(refused(world.reject_read(entry, "Why", &read.etag).await), changed);

    let documents = pb::SetVerificationDocumentsRequest { professional_id: entry.to_owned(), documents: vec![degree()] };
    let set = world.professionals(own)?.set_verification_documents(documents.clone()).await?.into_inner();
    assert_ne!(set.etag, renamed.etag);
    assert_eq!(refused(world.verify_read(entry, &renamed.etag).await), changed, "other documents");
    assert_eq!(refused(world.reject_read(entry, "Why", &renamed.etag).await), changed);
    assert_eq!(world.get(own, entry).await?.verification_note, "", "nothing was decided");
    let again = world.professionals(own)?.set_verification_documents(documents).await?.into_inner();
    assert_eq!(again.etag, set.etag, "which changes nothing");
    let shown = pb::GetVerificationDocumentsRequest { professional_id: entry.to_owned() };
    let shown = world.professionals(Operator(id()))?.get_verification_documents(shown).await?.into_inner();
    assert_eq!((shown.etag.as_str(), world.get(own, entry).await?.etag.as_str()), (set.etag.as_str(), set.etag.as_str()));

    assert_eq!(violations(world.verify_read(entry, "").await), ["etag"]);
    assert_eq!(violations(world.verify_read("x", "y").await), ["professional_id", "etag"]);
    assert_eq!(violations(world.reject_read(entry, "", "01").await), ["note", "etag"]);
    assert_eq!(world.verify_read(entry, &set.etag).await?.verification_status(), Verified);
    // A repeated request is answered as the first one was, though its professional has changed since.
    let bio = pb::Professional { bio: "New".to_owned(), etag: String::new(), ..read.clone() };
    world.update(own, bio, &["bio"]).await?;
    assert_eq!(world.verify_read(entry, &set.etag).await?.verification_status(), Verified);
    Ok(())
}

#[tokio::test]
async fn who_enters_a_professional_leaves_the_decision_to_others() -> anyhow::Result<()> {
    let world = World::start().await?;
    let operator = id();
    let entry = world.create(Operator(operator), flora()).await?;
    let mut client = VerificationServiceClient::new(world.client(Operator(operator))?);
    let request = || pb::VerifyProfessionalRequest { professional_id: entry.professional_id.clone(), etag: entry.etag.clone() };
    let own = (Code::FailedPrecondition, "OWN_PROFESSIONAL".to_owned());
    assert_eq!(refused(client.verify_professional(request()).await), own);
    world.verify(&entry.professional_id).await?;
    assert_eq!(refused(client.verify_professional(request()).await), own);
    // Their entry is not their account: they still keep it up to date.
    let bio = pb::Professional { bio: "New".to_owned(), ..entry.clone() };
    assert_eq!(world.update(Operator(operator), bio, &["bio"]).await?.bio, "New");
    // Who applies is entered by nobody.
    let applied = world.create(User(operator), flora()).await?;
    assert_eq!(world.verify(&applied.professional_id).await?.verification_status(), Verified);
    Ok(())
}

/// The professional writes as fast as they can while operators verify what they have read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_verified_is_never_what_nobody_has_read() -> anyhow::Result<()> {
    let world = World::start().await?;
    for _ in 0..5 {
        let own = User(id());
        let read = world.create(own, flora()).await?;
        let renamed = pb::Professional { professional_name: "Other".to_owned(), etag: String::new(), ..read.clone() };
        let verify = insist(|| world.verify_read(&read.professional_id, &read.etag));
        let rename = insist(|| world.update(own, renamed.clone(), &["professional_name"]));
        let (verified, renamed) = tokio::join!(verify, rename);
        let outcomes = (verified.map(|_| ()).map_err(|error| error.code()), renamed.map(|_| ()).map_err(|error| error.code()));
        // Either comes first, and what is verified is what was read.
        assert!([(Ok(()), Err(Code::FailedPrecondition)), (Err(Code::Aborted), Ok(()))].contains(&outcomes), "{outcomes:?}");
    }
    Ok(())
}

//! Documents by which operators verify professionals.

use orchard_proto::consultation::v1 as pb;
use orchard_testkit::answer::{refused, violations};
use tonic::{Code, Status};

use crate::world::Someone::{self, Operator, User};
use crate::world::{World, flora, id};

fn licence() -> pb::VerificationDocument {
    pb::VerificationDocument {
        kind: pb::DocumentKind::Licence.into(),
        url: "https://example.org/licence.pdf".to_owned(),
        sha256: "0f".repeat(32),
    }
}

impl World {
    async fn set_documents(
        &self,
        caller: Someone,
        professional: &str,
        documents: Vec<pb::VerificationDocument>,
    ) -> Result<Vec<pb::VerificationDocument>, Status> {
        let request = pb::SetVerificationDocumentsRequest { professional_id: professional.to_owned(), documents };
        let answer = self.professionals(caller).expect("client").set_verification_documents(request).await?;
        Ok(answer.into_inner().documents)
    }

    async fn documents(&self, caller: Someone, professional: &str) -> Result<Vec<pb::VerificationDocument>, Status> {
        let request = pb::GetVerificationDocumentsRequest { professional_id: professional.to_owned() };
        let answer = self.professionals(caller).expect("client").get_verification_documents(request).await?;
        Ok(answer.into_inner().documents)
    }
}

#[tokio::test]
async fn the_professional_and_operators_see_the_documents() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (own, stranger, operator) = (User(id()), User(id()), Operator(id()));
    let entry = world.create(own, flora()).await?.professional_id;
    assert_eq!(world.documents(own, &entry).await?, []);
    let identity = pb::VerificationDocument { kind: pb::DocumentKind::Identity.into(), ..licence() };
    let both = vec![licence(), identity];
    assert_eq!(world.set_documents(own, &entry, both.clone()).await?, both);
    for viewer in [own, operator] {
        assert_eq!(world.documents(viewer, &entry).await?, both);
    }
    let unseen = (Code::NotFound, "PROFESSIONAL_NOT_FOUND".to_owned());
    assert_eq!(refused(world.documents(stranger, &entry).await), unseen);
    assert_eq!(refused(world.set_documents(stranger, &entry, vec![]).await), unseen);

    world.verify(&entry).await?;
    let not_theirs = (Code::PermissionDenied, "NOT_PROFESSIONAL".to_owned());
    assert_eq!(refused(world.documents(stranger, &entry).await), not_theirs);
    assert_eq!(refused(world.set_documents(stranger, &entry, vec![]).await), not_theirs);
    let verified = (Code::FailedPrecondition, "VERIFIED_FIELD".to_owned());
    assert_eq!(refused(world.set_documents(own, &entry, vec![]).await), verified);
    assert_eq!(world.set_documents(own, &entry, both.clone()).await?, both, "which changes nothing");
    assert_eq!(world.set_documents(operator, &entry, vec![]).await?, []);
    assert_eq!(world.documents(own, &entry).await?, []);
    Ok(())
}

#[tokio::test]
async fn documents_are_refused_by_field() -> anyhow::Result<()> {
    let world = World::start().await?;
    let own = User(id());
    let entry = world.create(own, flora()).await?.professional_id;
    let bad = [
        pb::VerificationDocument { kind: 0, ..licence() },
        pb::VerificationDocument { kind: 99, ..licence() },
        pb::VerificationDocument { url: "http://example.org/a".to_owned(), ..licence() },
        pb::VerificationDocument { url: String::new(), ..licence() },
        pb::VerificationDocument { sha256: "0F".repeat(32), ..licence() },
    ];
    let paths = ["documents[0].kind", "documents[1].kind", "documents[2].url", "documents[3].url", "documents[4].sha256"];
    assert_eq!(violations(world.set_documents(own, &entry, bad.to_vec()).await), paths);
    assert_eq!(violations(world.set_documents(own, &entry, vec![licence(); 21]).await), ["documents"]);
    assert_eq!(world.set_documents(own, &entry, vec![licence(); 20]).await?.len(), 20);
    Ok(())
}

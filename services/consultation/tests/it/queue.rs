//! The queue of those who wait for a decision.

use orchard_proto::consultation::v1 as pb;
use orchard_proto::consultation::v1::verification_service_client::VerificationServiceClient;
use orchard_testkit::answer::refused;
use pb::VerificationStatus::Pending;
use tonic::{Code, Status};

use crate::verification::degree;
use crate::world::Someone::{Operator, User};
use crate::world::{World, flora, id};

impl World {
    async fn waiting(&self) -> Result<Vec<String>, Status> {
        let answer = self.verification().list_pending_professionals(pb::ListPendingProfessionalsRequest::default()).await?;
        Ok(answer.into_inner().professionals.into_iter().map(|waiting| waiting.professional_id).collect())
    }
}

#[tokio::test]
async fn who_was_rejected_waits_again_once_something_has_changed() -> anyhow::Result<()> {
    let world = World::start().await?;
    let own = User(id());
    let first = world.create(own, flora()).await?;
    let entry = first.professional_id.clone();
    let second = world.create(User(id()), flora()).await?.professional_id;
    let both = vec![entry.clone(), second.clone()];
    assert_eq!(world.waiting().await?, both);
    world.reject(&entry, "Unreadable.").await?;
    assert_eq!(world.waiting().await?, [second.as_str()]);
    // The same values change nothing, and neither does another reason.
    world.update(own, first.clone(), &["bio"]).await?;
    world.reject(&entry, "The licence is unreadable.").await?;
    assert_eq!(world.waiting().await?, [second.as_str()]);

    let bio = pb::Professional { bio: "New".to_owned(), ..first };
    let changed = world.update(own, bio, &["bio"]).await?;
    assert_eq!(world.waiting().await?, both);
    assert_eq!(changed.verification_note, "The licence is unreadable.", "which they still need");
    let rejected = world.reject_read(&entry, "No.", &changed.etag).await?;
    assert_eq!((rejected.etag.as_str(), world.waiting().await?), (changed.etag.as_str(), vec![second.clone()]));
    let documents = pb::SetVerificationDocumentsRequest { professional_id: entry.clone(), documents: vec![degree()] };
    world.professionals(own)?.set_verification_documents(documents).await?;
    assert_eq!(world.waiting().await?, both);
    // A late repetition of what was decided about the version before does not decide about this one.
    let late = world.reject_read(&entry, "No.", &changed.etag).await;
    assert_eq!(refused(late), (Code::Aborted, "PROFESSIONAL_CHANGED".to_owned()));
    assert_eq!(world.waiting().await?, both);

    world.reject(&entry, "No.").await?;
    world.verify(&entry).await?;
    world.suspend(&entry, "Why").await?;
    world.restore(&entry).await?;
    assert_eq!(world.waiting().await?, [second]);
    let client = world.slice.schema.connect().await?;
    client.batch_execute("SET enable_seqscan = off").await?;
    let plan = "EXPLAIN SELECT id FROM health_professionals WHERE verification_status = 'pending'
        AND rejected_version IS DISTINCT FROM version ORDER BY created_at, id LIMIT 51";
    let plan = client.query(plan, &[]).await?.iter().map(|row| row.get(0)).collect::<Vec<String>>().join("\n");
    assert!(plan.contains("using health_professionals_waiting_idx") && !plan.contains("Sort"), "{plan}");
    Ok(())
}

#[tokio::test]
async fn the_longest_waiting_is_first_in_the_queue() -> anyhow::Result<()> {
    let world = World::start().await?;
    let mut waiting = Vec::new();
    for _ in 0..5 {
        waiting.push(world.create(User(id()), flora()).await?.professional_id);
    }
    world.verify(&waiting.remove(2)).await?;
    let operator = Operator(id());
    let (mut seen, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListPendingProfessionalsRequest { page_size: 3, page_token };
        let mut client = VerificationServiceClient::new(world.client(operator)?);
        let page = client.list_pending_professionals(request).await?.into_inner();
        assert!(page.professionals.iter().all(|entry| entry.verification_status() == Pending));
        seen.extend(page.professionals.into_iter().map(|entry| entry.professional_id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, waiting);
    Ok(())
}

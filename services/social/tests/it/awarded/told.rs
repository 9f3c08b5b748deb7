//! A service that is told, and what it was told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use orchard_events::INBOX;
use orchard_proto::DESCRIPTORS;
use orchard_proto::events::v1::inbox_service_server::{InboxService, InboxServiceServer};
use orchard_proto::events::v1::{DeliverEventsRequest, DeliverEventsResponse, Event};
use orchard_proto::social::v1 as pb;
use orchard_server::{Caller, Server};
use orchard_testkit::keys::DevKeys;
use orchard_testkit::service::{Running, options};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tonic::service::RoutesBuilder;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::world::{NOWHERE, World, settings};

/// A service that notifies users: it writes down what it is told, but for the first times, when it answers with these.
struct Consumer {
    failures: Arc<Mutex<VecDeque<Status>>>,
    told: UnboundedSender<Event>,
}

#[tonic::async_trait]
impl InboxService for Consumer {
    async fn deliver_events(&self, request: Request<DeliverEventsRequest>) -> Result<Response<DeliverEventsResponse>, Status> {
        assert_eq!(Caller::service(&request)?, "social");
        if let Some(failure) = self.failures.lock().unwrap_or_else(PoisonError::into_inner).pop_front() {
            return Err(failure);
        }
        for event in request.into_inner().events {
            self.told.send(event).expect("the test reads it");
        }
        Ok(Response::new(DeliverEventsResponse {}))
    }
}

/// A social service beside one that is told.
pub struct Told {
    pub world: Arc<World>,
    told: UnboundedReceiver<Event>,
    failures: Arc<Mutex<VecDeque<Status>>>,
    _consumer: Running,
}

impl Told {
    pub async fn start(failures: impl IntoIterator<Item = Status>) -> anyhow::Result<Self> {
        let keys = Arc::new(DevKeys::ephemeral()?);
        let (sender, told) = unbounded_channel();
        let failures = Arc::new(Mutex::new(failures.into_iter().collect()));
        let consumer = Consumer { failures: Arc::clone(&failures), told: sender };
        let mut routes = RoutesBuilder::default();
        routes.add_service(InboxServiceServer::new(consumer));
        let server = Server {
            name: "notifications",
            contracts: DESCRIPTORS,
            served: vec![INBOX],
            front_door: false,
            routes,
            fallback: None,
            max_calls: 16,
            readiness: Box::new(|| async { Ok(()) }.boxed()),
            gauges: Vec::new(),
            background: Vec::new(),
        };
        let consumer = Running::start(server, &options(&keys)).await?;
        let mut settings = settings(&keys, NOWHERE.parse()?);
        settings.notifications_url = Some(format!("http://{}", consumer.address).parse()?);
        let world = Arc::new(World::with(&settings, keys).await?);
        Ok(Self { world, told, failures, _consumer: consumer })
    }

    /// Failures that it has not answered with yet.
    pub fn failures(&self) -> usize {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// What was told since the last time, once nothing waits to be told any more.
    pub async fn all(&mut self) -> anyhow::Result<Vec<pb::AchievementAwarded>> {
        let wait = async {
            while self.world.pending().await? > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(Duration::from_secs(60), wait).await??;
        let mut all = Vec::new();
        while let Ok(event) = self.told.try_recv() {
            let awarded: pb::AchievementAwarded = event.payload.expect("a payload").to_msg()?;
            assert_eq!((&event.aggregate_id, event.sequence), (&awarded.achievement_id, 1), "each achievement has one event");
            all.push(awarded);
        }
        Ok(all)
    }

    /// The same, which must be exactly what a user has achieved.
    pub async fn all_of(&mut self, user: Uuid) -> anyhow::Result<Vec<pb::AchievementAwarded>> {
        let mut told = self.all().await?;
        told.sort_by(|one, other| one.achievement_id.cmp(&other.achievement_id));
        let said = |one: &pb::AchievementAwarded| {
            (
                one.achievement_id.clone(),
                one.user_id.clone(),
                one.achievement_type,
                one.points_awarded,
                one.special_reward.clone(),
            )
        };
        let mut has: Vec<_> = self.world.achieved(user, user).await?;
        has.sort_by(|one, other| one.achievement_id.cmp(&other.achievement_id));
        let has = has
            .into_iter()
            .map(|one| (one.achievement_id, one.user_id, one.achievement_type, one.points_awarded, one.special_reward));
        assert_eq!(told.iter().map(said).collect::<Vec<_>>(), has.collect::<Vec<_>>());
        Ok(told)
    }
}

impl World {
    /// What is still to be told.
    pub async fn pending(&self) -> anyhow::Result<i64> {
        Ok(self.slice.schema.connect().await?.query_one("SELECT count(*) FROM outbox", &[]).await?.get(0))
    }
}

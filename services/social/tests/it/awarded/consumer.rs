//! A service that notifies users, and the events that it has received.

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

/// A service that answers with failures first, and then records events.
struct Consumer {
    failures: Arc<Mutex<VecDeque<Status>>>,
    received: UnboundedSender<Event>,
}

#[tonic::async_trait]
impl InboxService for Consumer {
    async fn deliver_events(&self, request: Request<DeliverEventsRequest>) -> Result<Response<DeliverEventsResponse>, Status> {
        assert_eq!(Caller::service(&request)?, "social");
        if let Some(failure) = self.failures.lock().unwrap_or_else(PoisonError::into_inner).pop_front() {
            return Err(failure);
        }
        for event in request.into_inner().events {
            self.received.send(event).expect("the test receives it");
        }
        Ok(Response::new(DeliverEventsResponse {}))
    }
}

/// A social service that publishes events to a consumer.
pub struct Notified {
    pub world: Arc<World>,
    received: UnboundedReceiver<Event>,
    failures: Arc<Mutex<VecDeque<Status>>>,
    _consumer: Running,
}

impl Notified {
    pub async fn start(failures: impl IntoIterator<Item = Status>) -> anyhow::Result<Self> {
        let keys = Arc::new(DevKeys::ephemeral()?);
        let (sender, received) = unbounded_channel();
        let failures = Arc::new(Mutex::new(failures.into_iter().collect()));
        let consumer = Consumer { failures: Arc::clone(&failures), received: sender };
        let mut routes = RoutesBuilder::default();
        routes.add_service(InboxServiceServer::new(consumer));
        let server = Server {
            name: "notifications",
            contracts: DESCRIPTORS,
            served: vec![INBOX],
            front_door: false,
            routes,
            fallback: None,
            rates: None,
            web: None,
            max_calls: 16,
            readiness: Box::new(|| async { Ok(()) }.boxed()),
            gauges: Vec::new(),
            background: Vec::new(),
        };
        let consumer = Running::start(server, &options(&keys)).await?;
        let mut settings = settings(&keys, NOWHERE.parse()?);
        settings.notifications_url = Some(format!("http://{}", consumer.address).parse()?);
        let world = Arc::new(World::with(&settings, keys).await?);
        Ok(Self { world, received, failures, _consumer: consumer })
    }

    /// Returns the number of failures that the consumer has not answered with yet.
    pub fn failures(&self) -> usize {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Waits until all events are delivered, and returns those since the last call.
    pub async fn all(&mut self) -> anyhow::Result<Vec<pb::AchievementAwarded>> {
        let wait = async {
            while self.world.pending().await? > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(Duration::from_secs(60), wait).await??;
        let mut all = Vec::new();
        while let Ok(event) = self.received.try_recv() {
            let awarded: pb::AchievementAwarded = event.payload.expect("a payload").to_msg()?;
            assert_eq!(
                (&event.aggregate_id, event.sequence),
                (&awarded.achievement_id, 1),
                "an achievement is an aggregate with one event"
            );
            all.push(awarded);
        }
        Ok(all)
    }

    /// Does what [`all`](Self::all) does, and checks that the events match the achievements of a user.
    pub async fn all_of(&mut self, user: Uuid) -> anyhow::Result<Vec<pb::AchievementAwarded>> {
        let mut events = self.all().await?;
        events.sort_by(|one, other| one.achievement_id.cmp(&other.achievement_id));
        let facts = |one: &pb::AchievementAwarded| {
            (
                one.achievement_id.clone(),
                one.user_id.clone(),
                one.achievement_type,
                one.points_awarded,
                one.special_reward.clone(),
            )
        };
        let mut achieved: Vec<_> = self.world.achieved(user, user).await?;
        achieved.sort_by(|one, other| one.achievement_id.cmp(&other.achievement_id));
        let achieved = achieved
            .into_iter()
            .map(|one| (one.achievement_id, one.user_id, one.achievement_type, one.points_awarded, one.special_reward));
        assert_eq!(events.iter().map(facts).collect::<Vec<_>>(), achieved.collect::<Vec<_>>());
        Ok(events)
    }
}

impl World {
    /// Returns the number of events that are not delivered.
    pub async fn pending(&self) -> anyhow::Result<i64> {
        Ok(self.slice.schema.connect().await?.query_one("SELECT count(*) FROM outbox", &[]).await?.get(0))
    }
}

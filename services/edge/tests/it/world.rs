//! The edge and its four slices, which are stubs.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use futures::future::join_all;
use orchard_edge::Settings;
use orchard_proto::DESCRIPTORS;
use orchard_proto::edge::v1 as pb;
use orchard_proto::edge::v1::edge_service_client::EdgeServiceClient;
use orchard_server::{RateOptions, WebOptions};
use orchard_testkit::client::{Client, Headers};
use orchard_testkit::keys::DevKeys;
use orchard_testkit::service::{Running, calls, options, unlimited};
use prost::{Message, Name};
use prost_reflect::{DescriptorPool, DynamicMessage};
use tokio::time::Instant;
use tonic::{Request, Status};

use crate::answers::answers;
use crate::data::{self, ME};
use crate::stub::{Call, Stub};

/// The slices, in the order of `World::slices`.
pub const SLICES: [&str; 4] = ["family", "social", "recipe", "consultation"];

/// The views, by the names of their methods.
pub const VIEWS: [&str; 8] = [
    "GetFamilyDashboard",
    "GetHome",
    "GetProfilePage",
    "GetRecipePage",
    "GetProfessionalPage",
    "GetChallengePage",
    "GetReferralOverview",
    "Discover",
];

pub struct World {
    pub slices: [Stub; 4],
    calls: Arc<Mutex<Vec<Call>>>,
    /// The token of the caller of all views.
    pub token: String,
    pub edge: Running,
}

impl World {
    /// Starts the edge and slices whose lists have `entries` entries.
    pub async fn start(keys: &DevKeys, entries: usize) -> anyhow::Result<Self> {
        Self::slowly(keys, entries, Duration::ZERO).await
    }

    /// Starts slices that answer after `delay`.
    pub async fn slowly(keys: &DevKeys, entries: usize, delay: Duration) -> anyhow::Result<Self> {
        Self::configured(keys, entries, delay, unlimited(), WebOptions::default()).await
    }

    /// Starts the edge with these settings.
    pub async fn configured(
        keys: &DevKeys,
        entries: usize,
        delay: Duration,
        rates: RateOptions,
        web: WebOptions,
    ) -> anyhow::Result<Self> {
        let calls_of_all = Arc::new(Mutex::new(Vec::new()));
        let [family, social, recipe, consultation] = answers(entries);
        let start = async |answers| Stub::start(answers, Arc::clone(&calls_of_all), delay).await;
        let slices = [start(family).await?, start(social).await?, start(recipe).await?, start(consultation).await?];
        let url = |slice: &Stub| format!("http://{}", slice.address).parse().expect("a URL");
        let [family, social, recipe, consultation] = &slices;
        let settings = Settings {
            family_url: url(family),
            social_url: url(social),
            recipe_url: url(recipe),
            consultation_url: url(consultation),
            calls: calls(keys, "edge"),
            rates,
            web,
            web_page: true,
        };
        let options = options(keys);
        let edge = Running::start(orchard_edge::server(&settings, &options)?, &options).await?;
        let token = keys.user_token(ME, &[], Duration::from_secs(3_600))?;
        Ok(Self { slices, calls: calls_of_all, token, edge })
    }

    /// Stops the edge, of which a process has room for some only.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.edge.stop().await
    }

    pub fn client(&self) -> EdgeServiceClient<Client> {
        let headers = Headers::bearer(&self.token).expect("a token");
        EdgeServiceClient::new(headers.on(self.edge.channel().expect("a channel"))).max_decoding_message_size(16 << 20)
    }

    /// Returns a view, whose caller waits so long, as a message that can be looked through.
    pub async fn view(&self, name: &str, limit: Duration) -> Result<DynamicMessage, Status> {
        let mut client = self.client();
        let [plan, user, recipe, professional, challenge] = [1, 2, 3, 4, 5].map(|n| data::id(n).to_string());
        Ok(match name {
            "GetFamilyDashboard" => {
                let request = pb::GetFamilyDashboardRequest { family_plan_id: plan };
                dynamic(client.get_family_dashboard(within(limit, request)).await?.into_inner().dashboard)
            }
            "GetHome" => dynamic(client.get_home(within(limit, pb::GetHomeRequest {})).await?.into_inner().home),
            "GetReferralOverview" => {
                let request = within(limit, pb::GetReferralOverviewRequest {});
                dynamic(client.get_referral_overview(request).await?.into_inner().overview)
            }
            "GetProfilePage" => {
                let request = pb::GetProfilePageRequest { user_id: user };
                dynamic(client.get_profile_page(within(limit, request)).await?.into_inner().page)
            }
            "GetRecipePage" => {
                let request = pb::GetRecipePageRequest { recipe_id: recipe };
                dynamic(client.get_recipe_page(within(limit, request)).await?.into_inner().page)
            }
            "GetProfessionalPage" => {
                let request = pb::GetProfessionalPageRequest { professional_id: professional };
                dynamic(client.get_professional_page(within(limit, request)).await?.into_inner().page)
            }
            "GetChallengePage" => {
                let request = pb::GetChallengePageRequest { challenge_id: challenge };
                dynamic(client.get_challenge_page(within(limit, request)).await?.into_inner().page)
            }
            _ => {
                let request = pb::DiscoverRequest { text: " plum tart ".to_owned() };
                dynamic(client.discover(within(limit, request)).await?.into_inner().discovery)
            }
        })
    }

    /// Returns all views, or why there are none, and the longest time that one of them took.
    pub async fn views(&self, limit: Duration) -> (Vec<Result<DynamicMessage, Status>>, Duration) {
        let begun = Instant::now();
        let views = join_all(VIEWS.iter().map(|name| self.view(name, limit))).await;
        (views, begun.elapsed())
    }

    /// Returns the calls that the slices got since the last time, in the order of their beginning.
    pub fn calls(&self) -> Vec<Call> {
        let mut calls = std::mem::take(&mut *self.calls.lock().expect("calls"));
        calls.sort_by_key(|call| call.begun);
        calls
    }
}

/// Returns a view as a message that can be looked through.
pub fn dynamic<M: Message + Name>(view: Option<M>) -> DynamicMessage {
    // Messages of one pool can be compared.
    static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).expect("descriptors"));
    let descriptor = POOL.get_message_by_name(&M::full_name()).expect("a descriptor");
    DynamicMessage::decode(descriptor, view.expect("a view").encode_to_vec().as_slice()).expect("a message")
}

/// A request whose caller waits so long.
fn within<T>(limit: Duration, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(limit);
    request
}

/// More time than any view takes.
pub const PLENTY: Duration = Duration::from_secs(9);

//! Use cases of `FingerprintService`.

use chrono::{DateTime, Utc};
use orchard_db::{Connection, moment};
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::fingerprint_service_server::FingerprintService;
use orchard_rpc::{Answer, Fields, read};
use orchard_server::Caller;
use tonic::{Request, Response};

use super::{Fingerprint, store};
use crate::error::Error;
use crate::{Api, roll};

#[tonic::async_trait]
impl FingerprintService for Api {
    async fn record_fingerprints(
        &self,
        request: Request<pb::RecordFingerprintsRequest>,
    ) -> Answer<pb::RecordFingerprintsResponse> {
        Caller::service(&request)?;
        let request = request.into_inner();
        let mut fields = Fields::default();
        let user = fields.read("user_id", read::uuid(&request.user_id));
        let kind = fields.read("kind", request.kind.try_into());
        let all = fields.values("fingerprints", 1..=10, &request.fingerprints, |text| Fingerprint::read(text));
        let (user, kind, all) = fields.finish(|| Ok((user?, kind?, all?))).map_err(Error::from)?;
        let clock = self.clock.clone();
        let unit = async move |connection: &mut Connection| {
            roll::enrol(connection, user).await?;
            let now: DateTime<Utc> = clock.at(moment(connection).await?);
            Ok::<_, Error>(store::record(connection, user, kind, &all, now).await?)
        };
        self.db.write("record fingerprints", unit).await?;
        Ok(Response::new(pb::RecordFingerprintsResponse {}))
    }
}

//! Use cases of members.

use orchard_db::Db;
use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::member_service_server::MemberService;
use orchard_server::Caller;
use tonic::{Request, Response, Status};

use super::{store, wire};
use crate::error::Error;
use crate::plan;

/// Serves `MemberService`.
#[derive(Debug)]
pub struct Api {
    db: Db,
}

impl Api {
    /// Serves members from `db`.
    pub fn new(db: Db) -> Self {
        Self { db }
    }
}

#[tonic::async_trait]
impl MemberService for Api {
    async fn list_members(&self, request: Request<pb::ListMembersRequest>) -> Result<Response<pb::ListMembersResponse>, Status> {
        let viewer = Caller::user(&request)?.id;
        let (plan, asked) = wire::list(request.get_ref(), viewer).map_err(Error::from)?;
        let connection = self.db.read().await.map_err(Error::from)?;
        let seen = plan::store::seen_by(&connection, plan, viewer).await.map_err(Error::from)?;
        seen.ok_or(Error::PlanNotFound)?;
        let rows = store::list(&connection, plan, asked.after, asked.fetch()).await.map_err(Error::from)?;
        let page = asked.page(rows, |member| (member.joined_at, member.user_id));
        Ok(Response::new(pb::ListMembersResponse {
            members: page.rows.into_iter().map(|member| wire::member(member, viewer)).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn update_member(
        &self,
        request: Request<pb::UpdateMemberRequest>,
    ) -> Result<Response<pb::UpdateMemberResponse>, Status> {
        let editor = Caller::user(&request)?.id;
        let update = wire::update(request.into_inner()).map_err(Error::from)?;
        let member = self
            .db
            .write("update member", async move |connection| {
                let seen = plan::store::lock_for_member(connection, update.plan, editor).await?;
                let (_, role) = seen.ok_or(Error::PlanNotFound)?;
                let member = store::find(connection, update.plan, update.user).await?;
                let member = member.filter(|member| member.is_active).ok_or(Error::MemberNotFound)?;
                let member = update.patch.apply(member, editor, role)?;
                store::update(connection, &member).await?;
                Ok::<_, Error>(member)
            })
            .await?;
        Ok(Response::new(pb::UpdateMemberResponse { member: Some(wire::member(member, editor)) }))
    }
}

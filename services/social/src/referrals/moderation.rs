//! What moderators decide about referrals, and what operators see of them.

mod api;
mod deciding;
mod wire;

//! Referrals: codes, claims, rewards and credits.

mod analytics;
mod api;
mod case;
mod claim;
mod code;
mod credit;
pub(crate) mod earning;
mod fingerprint;
mod group;
mod moderation;
mod order;
mod parties;
mod purchase;
pub(crate) mod redemption;
mod referral;
mod rule;
mod sharing;
mod sweep;
pub(crate) mod terms;

pub(crate) use sweep::Sweeper;

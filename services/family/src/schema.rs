//! The slice's own tables as `diesel print-schema` writes them, except that elements of arrays are not nullable: a CHECK refuses NULL.
//! Tables that several slices have are described by the shared crates that create them.

diesel::table! {
    children (user_id) {
        user_id -> Uuid,
        id -> Uuid,
        guardian_user_id -> Nullable<Uuid>,
        released_at -> Nullable<Timestamptz>,
        event_sequence -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    family_invitations (id) {
        id -> Uuid,
        family_plan_id -> Uuid,
        invited_by -> Uuid,
        invitee_user_id -> Nullable<Uuid>,
        token_hash -> Nullable<Bytea>,
        #[max_length = 20]
        role -> Varchar,
        #[max_length = 30]
        relationship -> Nullable<Varchar>,
        #[max_length = 20]
        status -> Varchar,
        expires_at -> Timestamptz,
        accepted_by -> Nullable<Uuid>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        declined_at -> Nullable<Timestamptz>,
        shown_from -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    family_members (id) {
        id -> Uuid,
        family_plan_id -> Uuid,
        user_id -> Uuid,
        #[max_length = 20]
        role -> Varchar,
        #[max_length = 50]
        display_name -> Nullable<Varchar>,
        #[max_length = 30]
        relationship -> Nullable<Varchar>,
        permissions -> Nullable<Jsonb>,
        privacy_settings -> Nullable<Jsonb>,
        joined_at -> Timestamptz,
        is_active -> Bool,
        updated_at -> Timestamptz,
        banned_at -> Nullable<Timestamptz>,
        guardian_user_id -> Nullable<Uuid>,
        consent_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    family_plans (id) {
        id -> Uuid,
        #[max_length = 100]
        family_name -> Varchar,
        primary_account_holder -> Nullable<Uuid>,
        billing_account -> Nullable<Uuid>,
        max_members -> Int4,
        #[max_length = 20]
        plan_type -> Varchar,
        shared_wallet_balance -> Numeric,
        family_goals -> Nullable<Jsonb>,
        coordination_preferences -> Nullable<Jsonb>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        is_active -> Bool,
        time_zone -> Text,
        active_members -> Int4,
        wallet_sequence -> Int8,
        proposed_holder -> Nullable<Uuid>,
        wallet_held -> Numeric,
        event_sequence -> Int8,
    }
}

diesel::table! {
    invitation_declines (inviter_user_id, invitee_user_id) {
        inviter_user_id -> Uuid,
        invitee_user_id -> Uuid,
        declines -> Int4,
        declined_at -> Timestamptz,
    }
}

diesel::table! {
    nutritional_intake (id) {
        id -> Uuid,
        user_id -> Uuid,
        consumption_date -> Date,
        calories_consumed -> Int4,
        #[max_length = 20]
        meal -> Varchar,
        #[max_length = 20]
        source -> Varchar,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    user_blocks (blocker_user_id, blocked_user_id) {
        blocker_user_id -> Uuid,
        blocked_user_id -> Uuid,
    }
}

diesel::table! {
    wallet_entries (id) {
        id -> Uuid,
        family_plan_id -> Uuid,
        user_id -> Nullable<Uuid>,
        #[max_length = 30]
        service -> Varchar,
        #[max_length = 64]
        reference -> Varchar,
        #[max_length = 20]
        kind -> Varchar,
        amount -> Numeric,
        balance -> Numeric,
        #[max_length = 140]
        reason -> Nullable<Varchar>,
        created_at -> Timestamptz,
        sequence -> Int8,
        hold_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    wallet_holds (id) {
        id -> Uuid,
        family_plan_id -> Uuid,
        user_id -> Uuid,
        #[max_length = 30]
        service -> Varchar,
        #[max_length = 64]
        reference -> Varchar,
        amount -> Numeric,
        captured_amount -> Numeric,
        refunded_amount -> Numeric,
        #[max_length = 140]
        reason -> Nullable<Varchar>,
        #[max_length = 20]
        status -> Varchar,
        expires_at -> Timestamptz,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::joinable!(family_invitations -> family_plans (family_plan_id));
diesel::joinable!(family_members -> family_plans (family_plan_id));
diesel::joinable!(wallet_entries -> family_plans (family_plan_id));
diesel::joinable!(wallet_entries -> wallet_holds (hold_id));
diesel::joinable!(wallet_holds -> family_plans (family_plan_id));

diesel::allow_tables_to_appear_in_same_query!(
    children,
    family_invitations,
    family_members,
    family_plans,
    invitation_declines,
    nutritional_intake,
    user_blocks,
    wallet_entries,
    wallet_holds,
);

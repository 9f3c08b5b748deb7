//! The tables as `diesel print-schema` writes them, but for arrays: a CHECK keeps NULL out of their elements.

diesel::table! {
    erased_users (user_hash) {
        user_hash -> Bytea,
        erased_at -> Timestamptz,
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
        event_sequence -> Int8,
        proposed_holder -> Nullable<Uuid>,
        wallet_held -> Numeric,
    }
}

diesel::table! {
    idempotency_keys (caller, method, request_id) {
        caller -> Text,
        method -> Text,
        request_id -> Uuid,
        request_hash -> Bytea,
        result_ids -> Array<Uuid>,
        created_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
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
    outbox (consumer, position) {
        consumer -> Text,
        position -> Int8,
        event_id -> Uuid,
        aggregate_id -> Uuid,
        sequence -> Int8,
        event_type -> Text,
        payload -> Bytea,
        traceparent -> Nullable<Text>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    outbox_failures (consumer, aggregate_id) {
        consumer -> Text,
        aggregate_id -> Uuid,
        position -> Int8,
        attempts -> Int4,
        retry_at -> Nullable<Timestamptz>,
        parked_at -> Nullable<Timestamptz>,
        refusal -> Text,
    }
}

diesel::table! {
    outbox_leases (consumer) {
        consumer -> Text,
        holder -> Uuid,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    users (id) {
        id -> Uuid,
        created_at -> Timestamptz,
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
diesel::joinable!(family_members -> users (user_id));
diesel::joinable!(nutritional_intake -> users (user_id));
diesel::joinable!(wallet_entries -> family_plans (family_plan_id));
diesel::joinable!(wallet_entries -> users (user_id));
diesel::joinable!(wallet_entries -> wallet_holds (hold_id));
diesel::joinable!(wallet_holds -> family_plans (family_plan_id));
diesel::joinable!(wallet_holds -> users (user_id));

diesel::allow_tables_to_appear_in_same_query!(
    erased_users,
    family_invitations,
    family_members,
    family_plans,
    idempotency_keys,
    nutritional_intake,
    outbox,
    outbox_failures,
    outbox_leases,
    users,
    wallet_entries,
    wallet_holds,
);

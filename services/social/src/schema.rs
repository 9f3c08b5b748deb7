//! The slice's own tables as `diesel print-schema` writes them, except that elements of arrays are not nullable: a CHECK refuses NULL.
//! Tables that several slices have are described by the shared crates that create them.

diesel::table! {
    erasure_answers (erasure_id, service) {
        erasure_id -> Uuid,
        service -> Varchar,
        table_counts -> Jsonb,
        answered_at -> Timestamptz,
    }
}

diesel::table! {
    erasure_requests (id) {
        id -> Uuid,
        user_id -> Nullable<Uuid>,
        requested_by -> Varchar,
        status -> Varchar,
        requested_at -> Timestamptz,
        begins_at -> Timestamptz,
        deadline_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    achievement_milestones (id) {
        id -> Uuid,
        user_id -> Uuid,
        #[max_length = 50]
        milestone_type -> Varchar,
        target -> Int4,
        current -> Int4,
        achieved -> Bool,
        achieved_at -> Nullable<Timestamptz>,
        is_social_achievement -> Bool,
        shared_publicly -> Bool,
        social_context -> Nullable<Jsonb>,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    block_events (first_user_id, second_user_id) {
        first_user_id -> Uuid,
        second_user_id -> Uuid,
        last_sequence -> Int8,
    }
}

diesel::table! {
    challenge_finalisations (challenge_id) {
        challenge_id -> Uuid,
        started_at -> Timestamptz,
        judged_user_id -> Nullable<Uuid>,
        judged_all -> Bool,
        completed -> Int4,
        ranked_id -> Nullable<Uuid>,
        ranked_score -> Nullable<Int4>,
        ranked_position -> Nullable<Int4>,
        ranked -> Int4,
        failures -> Int4,
        retry_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    challenge_participants (id) {
        id -> Uuid,
        challenge_id -> Uuid,
        user_id -> Uuid,
        joined_at -> Timestamptz,
        #[max_length = 20]
        completion_status -> Varchar,
        completion_date -> Nullable<Timestamptz>,
        final_score -> Int4,
        rank_position -> Nullable<Int4>,
        rewards_earned -> Nullable<Jsonb>,
        is_visible -> Bool,
        score_reached_at -> Timestamptz,
        updated_at -> Timestamptz,
        progress_version -> Int4,
        #[max_length = 200]
        display_name -> Nullable<Varchar>,
        #[max_length = 20]
        shown_to -> Varchar,
        on_board -> Bool,
        ends_at -> Nullable<Timestamptz>,
        failures -> Int4,
        retry_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    challenge_progress (id) {
        id -> Uuid,
        challenge_participant_id -> Uuid,
        progress_date -> Date,
        progress_data -> Jsonb,
        daily_score -> Int4,
        cumulative_score -> Int4,
        notes -> Nullable<Text>,
        auto_generated -> Bool,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        challenge_id -> Uuid,
    }
}

diesel::table! {
    children (user_id) {
        user_id -> Uuid,
    }
}

diesel::table! {
    community_challenges (id) {
        id -> Uuid,
        #[max_length = 100]
        challenge_name -> Varchar,
        description -> Text,
        #[max_length = 30]
        challenge_type -> Varchar,
        difficulty_level -> Int4,
        duration_days -> Int4,
        max_participants -> Nullable<Int4>,
        entry_requirements -> Nullable<Jsonb>,
        success_criteria -> Nullable<Jsonb>,
        reward_structure -> Nullable<Jsonb>,
        start_date -> Nullable<Date>,
        end_date -> Nullable<Date>,
        created_by -> Nullable<Uuid>,
        is_public -> Bool,
        is_active -> Bool,
        featured_priority -> Int4,
        created_at -> Timestamptz,
        scoring -> Jsonb,
        participant_count -> Int4,
        updated_at -> Timestamptz,
        #[max_length = 10]
        join_code -> Nullable<Varchar>,
        finalised_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    credit_entries (id) {
        id -> Uuid,
        user_id -> Uuid,
        #[max_length = 20]
        kind -> Varchar,
        amount -> Numeric,
        available -> Numeric,
        referral_id -> Nullable<Uuid>,
        redemption_id -> Nullable<Uuid>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    fingerprints (user_id, kind, fingerprint) {
        user_id -> Uuid,
        #[max_length = 20]
        kind -> Varchar,
        fingerprint -> Bytea,
        recorded_at -> Timestamptz,
    }
}

diesel::table! {
    family_memberships (family_plan_id, user_id) {
        family_plan_id -> Uuid,
        user_id -> Uuid,
        #[max_length = 20]
        role -> Varchar,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        was_added -> Bool,
        guardian_user_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    friend_request_declines (sender_id, recipient_id) {
        sender_id -> Uuid,
        recipient_id -> Uuid,
        declines -> Int4,
        declined_at -> Timestamptz,
    }
}

diesel::table! {
    friendships (first_user_id, second_user_id) {
        first_user_id -> Uuid,
        second_user_id -> Uuid,
        #[max_length = 20]
        status -> Varchar,
        requested_by -> Nullable<Uuid>,
        requested_at -> Nullable<Timestamptz>,
        accepted_at -> Nullable<Timestamptz>,
        blocked_by_first_at -> Nullable<Timestamptz>,
        blocked_by_second_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        declined_at -> Nullable<Timestamptz>,
        shown_from -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    leaderboard_changes (challenge_id, id) {
        challenge_id -> Uuid,
        id -> Int8,
        old_score -> Nullable<Int4>,
        new_score -> Nullable<Int4>,
    }
}

diesel::table! {
    leaderboard_counts (challenge_id, level, bucket) {
        challenge_id -> Uuid,
        level -> Int2,
        bucket -> Int4,
        participants -> Int4,
    }
}

diesel::table! {
    notification_preferences (user_id) {
        user_id -> Uuid,
        email_enabled -> Bool,
        push_enabled -> Bool,
        social_notifications -> Jsonb,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    order_refunds (order_id, refund_id) {
        #[max_length = 64]
        order_id -> Varchar,
        #[max_length = 64]
        refund_id -> Varchar,
        amount -> Numeric,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    orders (id) {
        id -> Uuid,
        #[max_length = 64]
        order_id -> Varchar,
        user_id -> Nullable<Uuid>,
        amount -> Nullable<Numeric>,
        purchased_at -> Nullable<Timestamptz>,
        is_first -> Bool,
        refunded_amount -> Numeric,
        refunded_at -> Nullable<Timestamptz>,
        was_refunded_late -> Bool,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    redemptions (id) {
        id -> Uuid,
        user_id -> Uuid,
        family_plan_id -> Uuid,
        amount -> Numeric,
        #[max_length = 20]
        status -> Varchar,
        #[max_length = 50]
        refusal_reason -> Nullable<Varchar>,
        created_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    referral_cases (id) {
        id -> Uuid,
        #[max_length = 20]
        kind -> Varchar,
        #[max_length = 20]
        rule -> Varchar,
        claimant_id -> Uuid,
        referrer_id -> Uuid,
        referral_id -> Nullable<Uuid>,
        #[max_length = 30]
        referral_method -> Nullable<Varchar>,
        #[max_length = 50]
        referral_source -> Nullable<Varchar>,
        metadata -> Nullable<Jsonb>,
        created_at -> Timestamptz,
        #[max_length = 20]
        decision -> Nullable<Varchar>,
        note -> Nullable<Text>,
        moderator_id -> Nullable<Uuid>,
        decided_at -> Nullable<Timestamptz>,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    referral_code_misses (user_id) {
        user_id -> Uuid,
        since -> Timestamptz,
        misses -> Int4,
    }
}

diesel::table! {
    referral_codes (id) {
        id -> Uuid,
        #[max_length = 20]
        code -> Varchar,
        user_id -> Uuid,
        referral_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    referral_groups (id) {
        id -> Uuid,
        parent_id -> Nullable<Uuid>,
        size -> Int4,
    }
}

diesel::table! {
    referrals (id) {
        id -> Uuid,
        referrer_id -> Uuid,
        referee_id -> Nullable<Uuid>,
        #[max_length = 20]
        referral_code -> Varchar,
        #[max_length = 30]
        referral_method -> Nullable<Varchar>,
        #[max_length = 50]
        referral_source -> Nullable<Varchar>,
        invited_at -> Timestamptz,
        signed_up_at -> Nullable<Timestamptz>,
        first_purchase_at -> Nullable<Timestamptz>,
        #[max_length = 20]
        reward_status -> Varchar,
        reward_amount -> Nullable<Numeric>,
        bonus_tier -> Int4,
        metadata -> Nullable<Jsonb>,
        expires_at -> Timestamptz,
        credit_due_at -> Nullable<Timestamptz>,
        credited_at -> Nullable<Timestamptz>,
        reversed_at -> Nullable<Timestamptz>,
        #[max_length = 20]
        withheld_rule -> Nullable<Varchar>,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    social_achievements (id) {
        id -> Uuid,
        user_id -> Uuid,
        #[max_length = 50]
        achievement_type -> Varchar,
        #[max_length = 100]
        achievement_name -> Varchar,
        description -> Nullable<Text>,
        related_entity_id -> Nullable<Uuid>,
        #[max_length = 30]
        related_entity_type -> Nullable<Varchar>,
        points_awarded -> Int4,
        #[max_length = 92]
        badge_awarded -> Nullable<Varchar>,
        special_reward -> Nullable<Jsonb>,
        achieved_at -> Timestamptz,
        is_public -> Bool,
        celebration_shown -> Bool,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    users (id) {
        id -> Uuid,
        #[max_length = 200]
        display_name -> Nullable<Varchar>,
        #[max_length = 20]
        privacy_level -> Varchar,
        social_sharing_enabled -> Bool,
        referral_credits_earned -> Numeric,
        time_zone -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        completed_at -> Nullable<Timestamptz>,
        referral_credits_redeemed -> Numeric,
        referral_group_id -> Nullable<Uuid>,
    }
}

diesel::joinable!(achievement_milestones -> users (user_id));
diesel::joinable!(challenge_finalisations -> community_challenges (challenge_id));
diesel::joinable!(challenge_participants -> community_challenges (challenge_id));
diesel::joinable!(challenge_participants -> users (user_id));
diesel::joinable!(challenge_progress -> challenge_participants (challenge_participant_id));
diesel::joinable!(community_challenges -> users (created_by));
diesel::joinable!(notification_preferences -> users (user_id));
diesel::joinable!(credit_entries -> users (user_id));
diesel::joinable!(fingerprints -> users (user_id));
diesel::joinable!(social_achievements -> users (user_id));

diesel::allow_tables_to_appear_in_same_query!(
    achievement_milestones,
    block_events,
    challenge_finalisations,
    challenge_participants,
    challenge_progress,
    children,
    community_challenges,
    credit_entries,
    family_memberships,
    fingerprints,
    friend_request_declines,
    friendships,
    leaderboard_changes,
    leaderboard_counts,
    notification_preferences,
    order_refunds,
    orders,
    redemptions,
    referral_cases,
    referral_code_misses,
    referral_codes,
    referral_groups,
    referrals,
    social_achievements,
    users,
);

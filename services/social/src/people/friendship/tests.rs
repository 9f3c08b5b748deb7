use super::*;

const ELIGIBLE: Eligibility = Eligibility { caller_is_child: false, caller_is_private: false, other_is_unreachable: false };
const PRIVATE: Eligibility = Eligibility { caller_is_private: true, ..ELIGIBLE };
const UNREACHABLE: Eligibility = Eligibility { other_is_unreachable: true, ..ELIGIBLE };
const ALL: [Relation; 5] =
    [Relation::None, Relation::RequestSent, Relation::RequestReceived, Relation::RequestHidden, Relation::Friends];

fn friendship(relation: Relation) -> Friendship {
    Friendship { relation, ..Friendship::default() }
}

/// What becomes of each relation.
fn after(step: impl Fn(Friendship) -> Result<Friendship, FriendshipError>) -> [Result<Relation, FriendshipError>; 5] {
    ALL.map(|relation| step(friendship(relation)).map(|friendship| friendship.relation))
}

#[test]
fn a_pair_has_one_order() {
    let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
    assert_eq!(Pair::of(a, b), Pair::of(b, a));
    assert_eq!(Pair::of(b, a).first, a);
}

#[test]
fn each_step_from_each_relation() {
    use Relation::{Friends, None, RequestHidden, RequestReceived, RequestSent};
    let refused = || Err(FriendshipError::NoSuchRequest);
    assert_eq!(
        after(|one| one.send_request(ELIGIBLE, 0)),
        [Ok(RequestSent), Ok(RequestSent), Ok(Friends), Ok(Friends), Ok(Friends)]
    );
    assert_eq!(after(|one| one.accept_request(ELIGIBLE)), [refused(), refused(), Ok(Friends), refused(), Ok(Friends)]);
    assert_eq!(after(Friendship::decline_request), [Ok(None), Ok(RequestSent), Ok(RequestHidden), Ok(RequestHidden), refused()]);
    assert_eq!(after(Friendship::withdraw_request), [Ok(None), Ok(None), Ok(RequestReceived), Ok(RequestHidden), refused()]);
    assert_eq!(
        after(|one| Ok(one.remove_friend())),
        [Ok(None), Ok(RequestSent), Ok(RequestReceived), Ok(RequestHidden), Ok(None)]
    );
    assert_eq!(after(|one| Ok(one.block())), [None; 5].map(Ok));
}

#[test]
fn a_declined_request_can_be_sent_again_and_looks_the_same_to_its_sender() {
    let declined = friendship(Relation::RequestReceived).decline_request().expect("declined");
    assert!(declined.is_declined && declined.decline_request() == Ok(declined));
    let sent = Friendship { is_declined: true, ..friendship(Relation::RequestSent) };
    assert_eq!(sent.send_request(ELIGIBLE, 0), Ok(friendship(Relation::RequestSent)));
    assert_eq!(sent.withdraw_request(), Ok(Friendship::default()));
    assert_eq!([0, 1, 2, 3, 9].map(|declines| pause(declines).num_days()), [1, 1, 7, 30, 30]);
}

#[test]
fn a_request_needs_a_visible_sender_a_reachable_recipient_and_fewer_than_the_most_requests() {
    let send = |eligibility, sent| friendship(Relation::None).send_request(eligibility, sent);
    assert_eq!(send(PRIVATE, 0), Err(FriendshipError::Private));
    assert_eq!(send(UNREACHABLE, 0), Err(FriendshipError::NoSuchProfile));
    assert_eq!(send(ELIGIBLE, MAX_REQUESTS), Err(FriendshipError::TooMany));
    assert!(send(ELIGIBLE, MAX_REQUESTS - 1).is_ok());
}

#[test]
fn an_answer_to_a_request_needs_only_a_reachable_sender() {
    let received = friendship(Relation::RequestReceived);
    assert_eq!(received.send_request(PRIVATE, MAX_REQUESTS).map(|one| one.relation), Ok(Relation::Friends));
    assert_eq!(received.send_request(UNREACHABLE, 0), Err(FriendshipError::NoSuchProfile));
    assert_eq!(received.accept_request(UNREACHABLE), Err(FriendshipError::NoSuchRequest));
    let friends = friendship(Relation::Friends);
    assert!(friends.accept_request(UNREACHABLE).is_ok() && friends.send_request(UNREACHABLE, 0).is_ok(), "nothing to do");
}

#[test]
fn a_child_neither_sends_nor_accepts_requests() {
    let child = Eligibility { caller_is_child: true, ..ELIGIBLE };
    assert_eq!(after(|one| one.send_request(child, 0)), [(); 5].map(|()| Err(FriendshipError::Child)));
    assert_eq!(after(|one| one.accept_request(child)), [(); 5].map(|()| Err(FriendshipError::Child)));
}

#[test]
fn a_blocked_user_gets_the_answer_for_an_unreachable_one() {
    let by_other = Friendship { blocked_by_other: true, ..Friendship::default() };
    for (eligibility, sent) in [(ELIGIBLE, 0), (PRIVATE, 0), (ELIGIBLE, MAX_REQUESTS)] {
        let unreachable = Eligibility { other_is_unreachable: true, ..eligibility };
        let expected = friendship(Relation::None).send_request(unreachable, sent);
        assert_eq!(by_other.send_request(eligibility, sent), expected, "{eligibility:?}");
    }
    assert_eq!(by_other.send_request(ELIGIBLE, 0), Err(FriendshipError::NoSuchProfile));
    assert_eq!(by_other.block().send_request(ELIGIBLE, 0), Err(FriendshipError::Blocked), "the caller's own block comes first");
}

#[test]
fn unblocking_ends_only_the_callers_block_and_restores_nothing() {
    let by_other = Friendship { blocked_by_other: true, ..Friendship::default() };
    assert_eq!(by_other.block().unblock(), by_other);
    assert_eq!(friendship(Relation::Friends).block().unblock().relation, Relation::None);
}

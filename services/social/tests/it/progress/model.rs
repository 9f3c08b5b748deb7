//! Random calls over many days, compared with a model.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{NaiveDate, TimeDelta, Utc};
use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::{metadata, refusal};
use tonic::Status;
use uuid::Uuid;

use crate::world::{World, id, minutes, new_challenge, record};

const FRUITS: [&str; 6] = ["apple", "Pears", "kaki", "FIG", "star-fruit", "kiwi fruit"];
/// Number of days that are simulated, a few more than the challenges run.
const SIMULATED_DAYS: i64 = 24;

/// A day to record.
#[derive(Debug, Clone)]
struct Sent {
    challenge: usize,
    day: NaiveDate,
    fruits: Vec<(&'static str, i32)>,
    amount: i32,
}

#[derive(Debug, Clone)]
enum Act {
    Record(Sent),
    Batch(Vec<Sent>),
    Delete(usize, NaiveDate),
}

/// The challenges of one user: first and last day, and points by day.
#[derive(Debug, Default, Clone)]
struct Model {
    today: NaiveDate,
    challenges: Vec<(NaiveDate, NaiveDate, BTreeMap<NaiveDate, i32>)>,
}

impl Model {
    fn admit(&self, challenge: usize, day: NaiveDate) -> Result<(), &'static str> {
        let (first, last, _) = self.challenges[challenge];
        let late = (self.today - day).num_days();
        if day >= first && day <= last && (0..=2).contains(&late) { Ok(()) } else { Err("DATE_NOT_OPEN") }
    }

    /// The first challenge scores 3 points per minute, at most 200; the second scores kinds of fruit, at most 3.
    fn points(sent: &Sent) -> i32 {
        match sent.challenge {
            0 => (sent.amount * 3).min(200),
            _ => i32::try_from(sent.fruits.len()).expect("few").min(3),
        }
    }

    fn until(&self, challenge: usize, day: NaiveDate) -> i32 {
        self.challenges[challenge].2.range(..=day).map(|(_, points)| points).sum()
    }

    fn score(&self, challenge: usize) -> i32 {
        self.challenges[challenge].2.values().sum()
    }

    /// Applies an act, or returns which record of a batch is refused, and why.
    fn apply(&mut self, act: &Act) -> Result<(), (Option<usize>, &'static str)> {
        match act {
            Act::Record(sent) => {
                self.admit(sent.challenge, sent.day).map_err(|reason| (None, reason))?;
                self.challenges[sent.challenge].2.insert(sent.day, Self::points(sent));
            }
            Act::Batch(all) => {
                for (index, sent) in all.iter().enumerate() {
                    self.admit(sent.challenge, sent.day).map_err(|reason| (Some(index), reason))?;
                }
                for sent in all {
                    self.challenges[sent.challenge].2.insert(sent.day, Self::points(sent));
                }
            }
            Act::Delete(challenge, day) => {
                self.admit(*challenge, *day).map_err(|reason| (None, reason))?;
                self.challenges[*challenge].2.remove(day).ok_or((None, "PROGRESS_NOT_FOUND"))?;
            }
        }
        Ok(())
    }
}

/// Returns a day around today, usually an open one.
fn some_day(today: NaiveDate) -> NaiveDate {
    today - TimeDelta::days([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, -1][fastrand::usize(..11)])
}

fn some_sent(today: NaiveDate) -> Sent {
    let mut fruits = FRUITS;
    fastrand::shuffle(&mut fruits);
    let fruits = fruits[..fastrand::usize(..=4)].iter().map(|fruit| (*fruit, fastrand::i32(1..5))).collect();
    Sent { challenge: fastrand::usize(..2), day: some_day(today), fruits, amount: fastrand::i32(0..90) }
}

fn some_act(today: NaiveDate) -> Act {
    match fastrand::u8(..10) {
        0..5 => Act::Record(some_sent(today)),
        5..7 => {
            let mut all: Vec<Sent> = Vec::new();
            for _ in 0..fastrand::usize(1..6) {
                let sent = some_sent(today);
                if all.iter().all(|other| (other.challenge, other.day) != (sent.challenge, sent.day)) {
                    all.push(sent);
                }
            }
            Act::Batch(all)
        }
        _ => Act::Delete(fastrand::usize(..2), some_day(today)),
    }
}

/// Days with their points and sums, and the scores of seats by the number of the challenge.
type Answer = (Vec<(NaiveDate, i32, i32)>, BTreeMap<usize, i32>);

fn answer(days: &[pb::ProgressDay], seats: &[pb::Participant], challenges: &[String]) -> Answer {
    let number = |seat: &pb::Participant| challenges.iter().position(|id| *id == seat.challenge_id).expect("a challenge");
    let day = |day: &pb::ProgressDay| {
        let sent = day.progress_date.expect("a date");
        let part = |n: i32| u32::try_from(n).expect("a part");
        let date = NaiveDate::from_ymd_opt(sent.year, part(sent.month), part(sent.day)).expect("a date");
        (date, day.daily_score, day.cumulative_score)
    };
    (days.iter().map(day).collect(), seats.iter().map(|seat| (number(seat), seat.final_score)).collect())
}

impl World {
    async fn perform(&self, user: Uuid, challenges: &[String], act: &Act) -> Result<Answer, Status> {
        let request = |sent: &Sent| record(&challenges[sent.challenge], sent.day, &sent.fruits, sent.amount);
        match act {
            Act::Record(sent) => {
                let recorded = self.progress(user).record_progress(request(sent)).await?.into_inner();
                Ok(answer(&[recorded.day.expect("a day")], &[recorded.participant.expect("a seat")], challenges))
            }
            Act::Batch(all) => {
                let recorded = self.batch(user, all.iter().map(request).collect()).await?;
                Ok(answer(&recorded.days, &recorded.participants, challenges))
            }
            Act::Delete(challenge, day) => {
                let seat = self.delete(user, &challenges[*challenge], *day).await?;
                Ok(answer(&[], &[seat], challenges))
            }
        }
    }
}

/// Returns the expected answer.
fn expected(model: &Model, act: &Act) -> Answer {
    let sent: Vec<(usize, NaiveDate)> = match act {
        Act::Record(sent) => vec![(sent.challenge, sent.day)],
        Act::Batch(all) => all.iter().map(|sent| (sent.challenge, sent.day)).collect(),
        Act::Delete(challenge, _) => return (vec![], BTreeMap::from([(*challenge, model.score(*challenge))])),
    };
    let day = |(challenge, day): &(usize, NaiveDate)| (*day, model.challenges[*challenge].2[day], model.until(*challenge, *day));
    let score = |(challenge, _): &(usize, NaiveDate)| (*challenge, model.score(*challenge));
    (sent.iter().map(day).collect(), sent.iter().map(score).collect())
}

#[tokio::test]
async fn the_service_behaves_like_the_model() -> anyhow::Result<()> {
    // No challenge is finalised meanwhile.
    let world = World::finalising_every(Duration::from_hours(1)).await?;
    for _ in 0..3 {
        let seed = fastrand::u64(..);
        fastrand::seed(seed);
        let user = id();
        // At noon, so that the date does not change during the test.
        let now = Utc::now() + world.clock.ahead();
        let today = now.date_naive() + TimeDelta::days(1);
        world.clock.advance((today.and_hms_opt(12, 0, 0).expect("noon").and_utc() - now).to_std()?);
        let request = || pb::CreateChallengeRequest { duration_days: 20, start_date: None, ..new_challenge() };
        let kinds = Some(pb::Scoring { rule: Some(pb::scoring::Rule::Variety(pb::VarietyScoring { daily_cap: 3 })) });
        let mut challenges = Vec::new();
        for scoring in [minutes(3, 200), kinds] {
            challenges.push(world.create(id(), pb::CreateChallengeRequest { scoring, ..request() }).await?.challenge_id);
            world.join(user, challenges.last().expect("one")).await?;
        }
        let days = (today, today + TimeDelta::days(19), BTreeMap::new());
        let mut model = Model { today, challenges: vec![days.clone(), days] };
        for _ in 0..SIMULATED_DAYS {
            for _ in 0..fastrand::usize(2..9) {
                let act = some_act(model.today);
                let mut after = model.clone();
                let outcome = after.apply(&act);
                let answered = world.perform(user, &challenges, &act).await;
                let context = format!("{act:?} with seed {seed} in {model:?}");
                match (outcome, answered) {
                    (Ok(()), Ok(answer)) => {
                        assert_eq!(answer, expected(&after, &act), "{context}");
                        model = after;
                    }
                    (Err((record, reason)), Err(status)) => {
                        assert_eq!(refusal(&status).reason, reason, "{context}");
                        assert_eq!(metadata(&status, "record"), record.map(|index| format!("records[{index}]")), "{context}");
                    }
                    (outcome, answer) => anyhow::bail!("{answer:?} where {outcome:?} was expected: {context}"),
                }
            }
            assert_eq!(world.inconsistent().await?, [0, 0, 0], "with seed {seed}");
            for (number, challenge) in challenges.iter().enumerate() {
                let (listed, _) = answer(&world.days(user, challenge).await?, &[], &challenges);
                let days = model.challenges[number].2.iter().rev();
                let expected: Vec<_> = days.map(|(day, points)| (*day, *points, model.until(number, *day))).collect();
                assert_eq!(listed, expected, "with seed {seed}");
            }
            world.clock.advance(Duration::from_secs(24 * 3600));
            model.today += TimeDelta::days(1);
        }
        let full = model.challenges.iter().map(|(_, _, days)| days.len()).sum::<usize>();
        assert!(full > 15, "{full} days with seed {seed}");
    }
    Ok(())
}

//! Recipes that may be found, in their order, some at a time. Each step costs a bounded amount of work, however many recipes have a word.

use std::collections::HashSet;

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::filter::{Conditions, Filter};
use super::judge::{Fit, Level};
use super::query::Query;
use super::store::{self, Brief, Candidate, Order, Sorted};

/// The most recipes that are ranked by how well they meet a text. Of more, briefer names come first.
const MOST_RANKED: usize = 1_000;
/// The most that are ranked for a later page, when recipes were added after the first.
const MOST_RANKED_LATER: usize = 3_000;
/// Recipes that one step takes of those with all words in their name, which must all be sorted to know the first.
const NAMES: i64 = 1_000;
/// Recipes that one step looks at in the order of a list.
const WINDOW: i64 = 300;

/// Classes of recipes that meet a text, the best first. In each, all words are met at least so well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Class {
    /// By the same words in the name.
    Name,
    /// By the same words anywhere.
    Exact,
    /// By words that begin so, or are meant.
    Loose,
}

impl Class {
    fn level(self) -> Level {
        match self {
            Self::Name => Level::Name,
            Self::Exact => Level::Description,
            Self::Loose => Level::Elsewhere,
        }
    }
}

/// The place of a recipe among those that are ranked. The least comes first.
type Rank = (Fit, std::cmp::Reverse<Brief>);

/// The position of a recipe in the order of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Position {
    Named(Brief),
    Ranked(Class, Rank),
    /// In a class that is too large to be ranked.
    Scanned(Class, Brief),
    Listed(Sorted),
}

/// What to look at next.
#[derive(Debug, Clone, Copy)]
enum Next {
    Names(Option<Brief>),
    Ranking(Class, Option<Rank>),
    Scan(Class, Option<Brief>),
    /// Recipes that meet the conditions, if they are few enough to be sorted.
    Sorting(Option<Sorted>),
    List(Option<Sorted>),
    Nothing,
}

/// Recipes that may be found, in their order.
pub(super) struct Source<'a> {
    connection: &'a AsyncPgConnection,
    query: &'a Query,
    filter: &'a Filter,
    order: Option<Order>,
    next: Next,
    count: i64,
}

impl<'a> Source<'a> {
    /// Returns the source of recipes behind a position. A step returns about `count`, or more if it has them.
    pub(super) fn new(
        connection: &'a AsyncPgConnection,
        (query, filter, order): (&'a Query, &'a Filter, Option<Order>),
        after: Option<Position>,
        count: i64,
    ) -> Self {
        let next = match after {
            None if order.is_some() => Next::Sorting(None),
            None => Next::Names(None),
            Some(Position::Named(brief)) => Next::Names(Some(brief)),
            Some(Position::Ranked(class, rank)) => Next::Ranking(class, Some(rank)),
            Some(Position::Scanned(class, brief)) => Next::Scan(class, Some(brief)),
            Some(Position::Listed(sorted)) => Next::Sorting(Some(sorted)),
        };
        Self { connection, query, filter, order, next, count }
    }

    /// Returns whether nothing is left.
    pub(super) fn is_done(&self) -> bool {
        matches!(self.next, Next::Nothing)
    }

    /// Looks at some recipes, and returns those that may be found. The last position is where it stopped, with no recipe if none was found
    /// there.
    pub(super) async fn step(&mut self) -> QueryResult<Vec<(Position, Option<Uuid>)>> {
        match self.next {
            Next::Names(after) => {
                let found = self.names(after).await?;
                self.narrowed(found).await
            }
            Next::Ranking(class, after) => {
                let found = self.rank(class, after).await?;
                self.narrowed(found).await
            }
            Next::Scan(class, after) => {
                let found = self.scan(class, after).await?;
                self.narrowed(found).await
            }
            Next::Sorting(after) => self.sort(after).await,
            Next::List(after) => self.list(after).await,
            Next::Nothing => Ok(Vec::new()),
        }
    }

    /// Leaves only the positions of recipes that do not meet what the index cannot say, all with one statement.
    async fn narrowed(&self, mut found: Vec<(Position, Option<Uuid>)>) -> QueryResult<Vec<(Position, Option<Uuid>)>> {
        if !self.filter.asks_more_than_index() || found.is_empty() {
            return Ok(found);
        }
        let recipes = found.iter().filter_map(|(_, recipe)| *recipe).collect();
        let met = store::sort_keys(self.connection, Order::Newest, self.filter, recipes).await?;
        let met: HashSet<Uuid> = met.into_iter().map(|(_, recipe)| recipe).collect();
        for (_, recipe) in &mut found {
            *recipe = recipe.filter(|recipe| met.contains(recipe));
        }
        Ok(found)
    }

    /// The class after this one, if the query has more.
    fn after(&self, class: Class) -> Next {
        match class {
            Class::Name => Next::Ranking(Class::Exact, None),
            Class::Exact if self.query.is_loose() => Next::Ranking(Class::Loose, None),
            Class::Exact | Class::Loose => Next::Nothing,
        }
    }

    fn conditions(&self, class: Class) -> Conditions {
        self.filter.conditions().and(self.query.groups(class.level()))
    }

    async fn names(&mut self, after: Option<Brief>) -> QueryResult<Vec<(Position, Option<Uuid>)>> {
        let conditions = self.filter.conditions().and_in_name(self.query.groups(Level::Name));
        let found = store::names(self.connection, conditions, after, NAMES).await?;
        let is_full = i64::try_from(found.len()).is_ok_and(|length| length >= NAMES);
        self.next = if is_full { Next::Names(found.last().copied()) } else { self.after(Class::Name) };
        Ok(found.into_iter().map(|brief| (Position::Named(brief), Some(brief.1))).collect())
    }

    async fn rank(&mut self, class: Class, after: Option<Rank>) -> QueryResult<Vec<(Position, Option<Uuid>)>> {
        let most = if after.is_some() { MOST_RANKED_LATER } else { MOST_RANKED };
        let found = store::candidates(self.connection, self.conditions(class), limit(most)).await?;
        if found.len() > most && after.is_none() {
            self.next = Next::Scan(class, None);
            return Ok(Vec::new());
        }
        let judge = self.query.judge();
        let better = if class == Class::Exact { Class::Name } else { Class::Exact };
        let rank = |candidate: &Candidate| {
            Some((judge.fit(&candidate.tokens)?, std::cmp::Reverse((candidate.brevity, candidate.recipe))))
        };
        let is_left = |rank: &Rank| rank.0.worst > better.level() && after.is_none_or(|after| *rank > after);
        let mut ranks: Vec<Rank> = found.iter().filter_map(rank).filter(is_left).collect();
        ranks.sort_unstable();
        self.next = self.after(class);
        Ok(ranks.into_iter().map(|rank| (Position::Ranked(class, rank), Some(rank.1.0.1))).collect())
    }

    async fn scan(&mut self, class: Class, after: Option<Brief>) -> QueryResult<Vec<(Position, Option<Uuid>)>> {
        let better = if class == Class::Exact { Class::Name } else { Class::Exact };
        let conditions = self.conditions(class).and_not(self.query.groups(better.level()));
        let found = store::scan(self.connection, conditions, after, (WINDOW, self.count)).await?;
        let is_full = i64::try_from(found.len()).is_ok_and(|length| length >= self.count);
        let mut found: Vec<_> = found.into_iter().map(|brief| (Position::Scanned(class, brief), Some(brief.1))).collect();
        if let (true, Some((Position::Scanned(_, last), _))) = (is_full, found.last()) {
            self.next = Next::Scan(class, Some(*last));
        } else if let Some(end) = store::scan_end(self.connection, after, WINDOW).await? {
            self.next = Next::Scan(class, Some(end));
            found.push((Position::Scanned(class, end), None));
        } else {
            self.next = self.after(class);
        }
        Ok(found)
    }

    async fn sort(&mut self, after: Option<Sorted>) -> QueryResult<Vec<(Position, Option<Uuid>)>> {
        let (conditions, order) = (self.conditions(Class::Loose), self.order.unwrap_or(Order::Newest));
        self.next = Next::List(after);
        if conditions.with.is_empty() {
            return Ok(Vec::new());
        }
        let found = store::candidates(self.connection, conditions, limit(MOST_RANKED)).await?;
        if found.len() > MOST_RANKED {
            return Ok(Vec::new());
        }
        self.next = Next::Nothing;
        let recipes = found.into_iter().map(|candidate| candidate.recipe).collect();
        let mut sorted = store::sort_keys(self.connection, order, self.filter, recipes).await?;
        sorted.retain(|position| after.is_none_or(|after| *position < after));
        sorted.sort_unstable_by(|one, other| other.cmp(one));
        Ok(sorted.into_iter().map(|sorted| (Position::Listed(sorted), Some(sorted.1))).collect())
    }

    async fn list(&mut self, after: Option<Sorted>) -> QueryResult<Vec<(Position, Option<Uuid>)>> {
        let (conditions, order) = (self.conditions(Class::Loose), self.order.unwrap_or(Order::Newest));
        let found = store::list(self.connection, (order, self.filter), conditions, after, (WINDOW, self.count)).await?;
        let is_full = i64::try_from(found.len()).is_ok_and(|length| length >= self.count);
        let mut found: Vec<_> = found.into_iter().map(|sorted| (Position::Listed(sorted), Some(sorted.1))).collect();
        if let (true, Some((Position::Listed(last), _))) = (is_full, found.last()) {
            self.next = Next::List(Some(*last));
        } else if let Some(end) = store::list_end(self.connection, order, after, WINDOW).await? {
            self.next = Next::List(Some(end));
            found.push((Position::Listed(end), None));
        } else {
            self.next = Next::Nothing;
        }
        Ok(found)
    }
}

/// One more than `most`, which tells whether there are more.
fn limit(most: usize) -> i64 {
    i64::try_from(most).map_or(i64::MAX, |most| most + 1)
}

//! Recipes that may be found, in their order, some at a time. Each step costs a bounded amount of work, however many recipes have a word.

use std::cmp::Reverse;
use std::collections::HashSet;

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use futures::future::try_join;
use uuid::Uuid;

use super::filter::{Conditions, Filter};
use super::judge::{Fit, Judge, Level};
use super::position::{Class, Next, Part, Position, Rank, Reached};
use super::query::Query;
use super::store::{self, Brief, Candidate, Order, Sorted};

/// The most recipes that are ranked by how well they meet a text. Of more, briefer names come first.
const MOST_RANKED: usize = 1_000;
/// Names with begun or meant words that are ranked at a time.
const PART: usize = 300;
/// The most that are ranked for a later page, when recipes were added after the first.
const MOST_RANKED_LATER: usize = 3_000;
/// Recipes that one step takes of those with all words in their name, if only some of them meet what the index cannot say.
const NAMES: i64 = 1_000;
/// Recipes that one step looks at in the order of a list.
const WINDOW: i64 = 300;

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
    /// Returns the source of recipes from a place on. A step returns about `count`, or more if it has them.
    pub(super) fn new(
        connection: &'a AsyncPgConnection,
        (query, filter, order): (&'a Query, &'a Filter, Option<Order>),
        next: Next,
        count: i64,
    ) -> Self {
        Self { connection, query, filter, order, next, count }
    }

    /// Returns whether nothing is left.
    pub(super) fn is_done(&self) -> bool {
        matches!(self.next, Next::Nothing)
    }

    /// Looks at some recipes, and returns those that may be found. The last position is where it stopped, with no recipe if none was found
    /// there.
    pub(super) async fn step(&mut self) -> QueryResult<Reached> {
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
            Next::Misspelt => {
                let found = self.misspelt().await?;
                self.narrowed(found).await
            }
            Next::LooseNames(part, after) => {
                let (found, next) = self.loose_names(part, after).await?;
                self.next = next;
                self.narrowed(found).await
            }
            Next::Sorting(after) => self.sort(after).await,
            Next::List(after) => self.list(after).await,
            Next::Nothing => Ok(Vec::new()),
        }
    }

    /// Leaves only the positions of recipes that do not meet what the index cannot say, all with one statement.
    async fn narrowed(&self, mut found: Reached) -> QueryResult<Reached> {
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

    /// The class after this one, if the query has more. Recipes of the class were found, or not.
    fn after(&self, class: Class, is_empty: bool) -> Next {
        match class {
            Class::Name => Next::Ranking(Class::Exact, None),
            Class::Exact if self.query.is_loose() => Next::LooseNames(Part { is_alone: is_empty, ..Part::default() }, None),
            Class::Exact | Class::Loose => Next::Nothing,
        }
    }

    fn conditions(&self, class: Class) -> Conditions {
        self.filter.conditions().and(self.query.groups(class.level()))
    }

    async fn names(&mut self, after: Option<Brief>) -> QueryResult<Reached> {
        let conditions = self.filter.conditions().and_in_name(self.query.groups(Level::Name));
        let count = if self.filter.asks_more_than_index() { NAMES } else { self.count };
        let found = store::names(self.connection, conditions, after, count).await?;
        let is_full = i64::try_from(found.len()).is_ok_and(|length| length >= count);
        self.next = if is_full { Next::Names(found.last().copied()) } else { self.after(Class::Name, found.is_empty()) };
        Ok(found.into_iter().map(|brief| (Position::Named(brief), Some(brief.1))).collect())
    }

    /// Ranks recipes whose names have all words, some of them begun or meant: a part of them, if they are many.
    async fn loose_names(&self, part: Part, after: Option<Rank>) -> QueryResult<(Reached, Next)> {
        let mut conditions = self.filter.conditions().and_in_name(self.query.groups_of_names());
        if !part.is_alone {
            conditions = conditions.and_not(self.query.groups(Class::Exact.level()));
        }
        let most = if after.is_some() { MOST_RANKED_LATER } else { PART };
        let found = store::loose_names(self.connection, conditions, (part.from, part.until), most).await?;
        let last = if found.len() == most { found.last().map(Candidate::brief) } else { None };
        let part = Part { until: part.until.or(last), ..part };
        let judge = self.query.judge();
        let ranks =
            found.iter().filter_map(|candidate| Some((judge.fit_in_name(&candidate.tokens)?, Reverse(candidate.brief()))));
        let next = match part.until {
            Some(last) => Next::LooseNames(Part { from: Some(last), until: None, ..part }, None),
            None => Next::Ranking(Class::Loose, None),
        };
        Ok((sorted(ranks, after).map(|rank| (Position::LooselyNamed(part, rank), Some(rank.1.0.1))).collect(), next))
    }

    /// Asks for names with begun and meant words at once, and whether any recipe has the same words after all.
    async fn misspelt(&mut self) -> QueryResult<Reached> {
        let exact = store::candidates(self.connection, self.conditions(Class::Exact), 1);
        let (exact, (found, next)) = try_join(exact, self.loose_names(Part::alone(), None)).await?;
        if exact.is_empty() {
            self.next = next;
            return Ok(found);
        }
        self.next = Next::Names(None);
        Ok(Vec::new())
    }

    async fn rank(&mut self, class: Class, after: Option<Rank>) -> QueryResult<Reached> {
        let most = if after.is_some() { MOST_RANKED_LATER } else { MOST_RANKED };
        let found = store::candidates(self.connection, self.conditions(class), limit(most)).await?;
        if found.len() > most && after.is_none() {
            self.next = Next::Scan(class, None);
            return Ok(Vec::new());
        }
        let judge = self.query.judge();
        let rank = |candidate: &Candidate| -> Option<Rank> {
            let fit = judge.fit(&candidate.tokens).filter(|fit| is_of(class, *fit, &judge, candidate))?;
            Some((fit, Reverse(candidate.brief())))
        };
        self.next = self.after(class, found.is_empty());
        let ranks = sorted(found.iter().filter_map(rank), after);
        Ok(ranks.map(|rank| (Position::Ranked(class, rank), Some(rank.1.0.1))).collect())
    }

    async fn scan(&mut self, class: Class, after: Option<Brief>) -> QueryResult<Reached> {
        let better = if class == Class::Exact { Class::Name } else { Class::Exact };
        let conditions = self.conditions(class).and_not(self.query.groups(better.level()));
        let found = store::scan(self.connection, conditions, after, (WINDOW, self.count)).await?;
        let is_full = i64::try_from(found.len()).is_ok_and(|length| length >= self.count);
        let judge = self.query.judge();
        let is_left = |candidate: &Candidate| class != Class::Loose || judge.fit_in_name(&candidate.tokens).is_none();
        let shown = |candidate: &Candidate| is_left(candidate).then_some(candidate.recipe);
        let mut found: Reached =
            found.iter().map(|candidate| (Position::Scanned(class, candidate.brief()), shown(candidate))).collect();
        if let (true, Some((Position::Scanned(_, last), _))) = (is_full, found.last()) {
            self.next = Next::Scan(class, Some(*last));
        } else if let Some(end) = store::scan_end(self.connection, after, WINDOW).await? {
            self.next = Next::Scan(class, Some(end));
            found.push((Position::Scanned(class, end), None));
        } else {
            self.next = self.after(class, false);
        }
        Ok(found)
    }

    async fn sort(&mut self, after: Option<Sorted>) -> QueryResult<Reached> {
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

    async fn list(&mut self, after: Option<Sorted>) -> QueryResult<Reached> {
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

/// Returns whether a recipe that fits so belongs to the class, and to no better one.
fn is_of(class: Class, fit: Fit, judge: &Judge, candidate: &Candidate) -> bool {
    match class {
        Class::Name => true,
        Class::Exact => fit.worst > Class::Name.level(),
        Class::Loose => fit.worst > Class::Exact.level() && judge.fit_in_name(&candidate.tokens).is_none(),
    }
}

/// Returns the ranks behind `after` in their order.
fn sorted(ranks: impl Iterator<Item = Rank>, after: Option<Rank>) -> impl Iterator<Item = Rank> {
    let mut ranks: Vec<Rank> = ranks.filter(|rank| after.is_none_or(|after| *rank > after)).collect();
    ranks.sort_unstable();
    ranks.into_iter()
}

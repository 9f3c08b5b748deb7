//! One text, searched in recipes, challenges and professionals.

use futures::join;
use orchard_proto::consultation::v1::SearchProfessionalsRequest;
use orchard_proto::consultation::v1::directory_service_client::DirectoryServiceClient;
use orchard_proto::edge::v1 as pb;
use orchard_proto::recipe::v1::SearchRecipesRequest;
use orchard_proto::recipe::v1::search_service_client::SearchServiceClient;
use orchard_proto::social::v1::ListChallengesRequest;
use orchard_proto::social::v1::challenge_service_client::ChallengeServiceClient;
use orchard_rpc::{Fields, Refusal, read};
use tonic::Status;

use crate::DOMAIN;
use crate::section::PAGE_SIZE;
use crate::view::View;

/// The most words of a text. No slice takes more.
const MAX_WORDS: usize = 10;
/// The recipes to read, of which those are left out whose authors do not share.
const RECIPES_READ: i32 = 20;

/// Searches for a text.
pub(crate) async fn discover(view: &View<'_>, text: &str) -> Result<pb::Discovery, Status> {
    let text = Fields::one("text", read_text(text)).map_err(|violations| Refusal::from(violations).into_status(DOMAIN))?;
    let (recipes, challenges, professionals) =
        join!(recipes(view, text.clone()), challenges(view, text.clone()), professionals(view, text));
    Ok(pb::Discovery { recipes: Some(recipes), challenges: Some(challenges), professionals: Some(professionals) })
}

/// Reads a text that every slice takes, so that none refuses its section for it.
fn read_text(text: &str) -> Result<String, String> {
    let text = read::text(text, 0..=100)?;
    let words = text.split(|one: char| one.is_whitespace() || one.is_ascii() && !one.is_ascii_alphanumeric());
    match words.filter(|word| !word.is_empty()).count() {
        0 if !text.is_empty() => Err("must have a letter or a digit".to_owned()),
        0..=MAX_WORDS => Ok(text),
        _ => Err(format!("must have at most {MAX_WORDS} words")),
    }
}

async fn recipes(view: &View<'_>, text: String) -> pb::RecipesSection {
    let request = SearchRecipesRequest { text, page_size: RECIPES_READ, sharing_only: true, ..Default::default() };
    let call = async |channel| SearchServiceClient::new(channel).search_recipes(request).await;
    view.section(&view.upstreams.recipe, call).await.into()
}

async fn challenges(view: &View<'_>, text: String) -> pb::ChallengesSection {
    let request = ListChallengesRequest { text, page_size: PAGE_SIZE, ..Default::default() };
    let call = async |channel| ChallengeServiceClient::new(channel).list_challenges(request).await;
    view.section(&view.upstreams.social, call).await.into()
}

async fn professionals(view: &View<'_>, text: String) -> pb::ProfessionalsSection {
    let request = SearchProfessionalsRequest { text, page_size: PAGE_SIZE, ..Default::default() };
    let call = async |channel| DirectoryServiceClient::new(channel).search_professionals(request).await;
    let answer = view.section(&view.upstreams.consultation, call).await;
    let (professionals, status) = answer.map(|answer| answer.professionals).parts_or_default();
    pb::ProfessionalsSection { status, professionals }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_at_most_as_many_words_as_each_slice_takes() {
        for good in ["", "plum", "one two three four five six seven eight nine ten", "plum-tart", "苹果"] {
            assert_eq!(read_text(good), Ok(good.to_owned()));
        }
        for bad in ["a-b-c-d-e-f-g-h-i-j-k", "!?", &"x".repeat(101), "plum\u{202e}"] {
            assert!(read_text(bad).is_err(), "{bad}");
        }
    }
}

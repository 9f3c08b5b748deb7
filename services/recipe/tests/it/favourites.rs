//! The recipes that users keep.

use orchard_proto::recipe::v1 as pb;
use orchard_testkit::answer::violations;
use tonic::Status;
use uuid::Uuid;

use crate::world::{World, id};

impl World {
    async fn keep(&self, user: Uuid, recipe: &str) -> Result<(), Status> {
        self.favourites(user).add_favourite(pb::AddFavouriteRequest { recipe_id: recipe.to_owned() }).await.map(drop)
    }

    async fn drop_favourite(&self, user: Uuid, recipe: &str) -> Result<(), Status> {
        self.favourites(user).remove_favourite(pb::RemoveFavouriteRequest { recipe_id: recipe.to_owned() }).await.map(drop)
    }

    async fn kept(&self, user: Uuid) -> Result<Vec<pb::Favourite>, Status> {
        Ok(self.favourites(user).list_favourites(pb::ListFavouritesRequest::default()).await?.into_inner().favourites)
    }

    async fn count_kept(&self, user: Uuid) -> Result<i32, Status> {
        Ok(self.favourites(user).count_favourites(pb::CountFavouritesRequest {}).await?.into_inner().favourites)
    }
}

#[tokio::test]
async fn favourites_are_added_once_counted_and_removed() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, user) = (id(), id());
    let (one, other) = (world.publish(author).await?, world.publish(author).await?);
    for recipe in [&one, &one, &other] {
        world.keep(user, recipe).await?;
    }
    world.keep(author, &one).await?;
    let kept = world.kept(user).await?;
    assert_eq!(kept.iter().map(|favourite| &favourite.recipe_id).collect::<Vec<_>>(), [&other, &one], "last added first");
    assert!(kept.iter().all(|favourite| favourite.is_available && favourite.add_time.is_some()));
    assert_eq!(kept[0].recipe.as_ref().expect("a recipe").recipe_name, "Apple crumble");
    assert_eq!((world.count_kept(user).await?, world.count_kept(id()).await?), (2, 0));
    assert_eq!(world.get(user, &one).await?.favourite_count, 2);
    for _ in 0..2 {
        world.drop_favourite(user, &one).await?;
    }
    assert_eq!((world.count_kept(user).await?, world.get(user, &one).await?.favourite_count), (1, 1));
    world.drop_favourite(user, &id().to_string()).await?;
    Ok(())
}

#[tokio::test]
async fn a_batch_has_those_of_the_recipes_that_the_caller_keeps() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, user) = (id(), id());
    let mut recipes = Vec::new();
    for _ in 0..3 {
        recipes.push(world.publish(author).await?);
    }
    world.keep(user, &recipes[0]).await?;
    world.keep(user, &recipes[2]).await?;
    world.keep(author, &recipes[1]).await?;
    world.hide(id(), &recipes[2]).await?;
    let among = async |user, recipe_ids: Vec<String>| {
        let request = pb::BatchGetFavouritesRequest { recipe_ids };
        Ok::<_, Status>(world.favourites(user).batch_get_favourites(request).await?.into_inner().recipe_ids)
    };
    let asked = [recipes.clone(), recipes.clone(), vec![id().to_string()]].concat();
    let mut kept = vec![recipes[0].clone(), recipes[2].clone()];
    kept.sort();
    assert_eq!(among(user, asked.clone()).await?, kept, "also one that is hidden now");
    assert_eq!(among(author, asked.clone()).await?, [recipes[1].clone()]);
    assert_eq!(among(id(), asked).await?, Vec::<String>::new());
    assert_eq!(violations(among(user, Vec::new()).await), ["recipe_ids"]);
    assert_eq!(violations(among(user, vec![recipes[0].clone(); 201]).await), ["recipe_ids"]);
    assert_eq!(violations(among(user, vec![recipes[0].clone(), "x".to_owned()]).await), ["recipe_ids[1]"]);
    Ok(())
}

#[tokio::test]
async fn a_recipe_that_became_invisible_stays_without_its_content() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, user) = (id(), id());
    let (private, hidden, deleted) = (world.publish(author).await?, world.publish(author).await?, world.publish(author).await?);
    for recipe in [&private, &hidden, &deleted] {
        world.keep(user, recipe).await?;
    }
    world.set_public(author, &private, false).await?;
    world.hide(id(), &hidden).await?;
    let request = pb::DeleteRecipeRequest { recipe_id: deleted, etag: String::new() };
    world.recipes(author).delete_recipe(request).await?;
    let kept = world.kept(user).await?;
    let shown: Vec<_> = kept.iter().map(|f| (f.recipe_id.as_str(), f.is_available, f.recipe.is_some())).collect();
    assert_eq!(shown, [(hidden.as_str(), false, false), (private.as_str(), false, false)]);
    assert!(!format!("{kept:?}").contains("crumble"));
    assert_eq!(world.count_kept(user).await?, 2, "unavailable ones count");
    world.set_public(author, &private, true).await?;
    assert!(world.kept(user).await?[1].is_available, "it is back");
    world.drop_favourite(user, &hidden).await?;
    assert_eq!(world.count_kept(user).await?, 1, "an unavailable one can be removed");
    Ok(())
}

#[tokio::test]
async fn pages_of_favourites_continue_each_other() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (author, user) = (id(), id());
    let mut added = Vec::new();
    for _ in 0..5 {
        added.push(world.publish(author).await?);
        world.keep(user, &added[added.len() - 1]).await?;
    }
    added.reverse();
    let mut request = pb::ListFavouritesRequest { page_size: 2, ..Default::default() };
    let mut listed = Vec::new();
    loop {
        let page = world.favourites(user).list_favourites(request.clone()).await?.into_inner();
        listed.extend(page.favourites.into_iter().map(|favourite| favourite.recipe_id));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
        assert_eq!(violations(world.favourites(id()).list_favourites(request.clone()).await), ["page_token"]);
    }
    assert_eq!(listed, added);
    Ok(())
}

//! Display names, and the limits of their length.

use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::violations;

use crate::world::{World, id};

#[tokio::test]
async fn a_name_may_have_fifty_characters_of_several_code_points() -> anyhow::Result<()> {
    let world = World::strict().await?;
    for name in ["e\u{301}".repeat(50), "👨\u{200D}👩\u{200D}👧\u{200D}👦".repeat(28), "क्षि".repeat(50), "a".repeat(50)]
    {
        let user = id();
        let named = world.rename(user, &name).await?;
        assert_eq!(named.display_name, name);
        let get = pb::GetProfileRequest { user_id: user.to_string() };
        assert_eq!(world.profiles(user)?.get_profile(get).await?.into_inner().profile.expect("a profile").display_name, name);
    }
    for name in
        ["e\u{301}".repeat(51), "a".repeat(51), format!("a{}", "\u{301}".repeat(200)), "\u{3164}".to_owned(), "  ".to_owned()]
    {
        assert_eq!(violations(world.rename(id(), &name).await), ["profile.display_name"], "{name:?}");
    }
    assert_eq!(violations(world.rename(id(), "Al\u{202E}ecila").await), ["profile.display_name"]);
    assert_eq!(world.rename(id(), " Zoë\u{A0}").await?.display_name, "Zoë");
    Ok(())
}

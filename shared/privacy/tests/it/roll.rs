//! Who is let onto the roll.

use diesel_async::{AsyncConnection as _, AsyncPgConnection, SimpleAsyncConnection as _};
use orchard_db::Migrations;
use orchard_privacy::migrations::{ERASED_USERS, USERS};
use orchard_privacy::roll;
use orchard_testkit::database::Schema;
use uuid::Uuid;

async fn roll() -> anyhow::Result<Schema> {
    let schema = Schema::create().await?;
    schema.migrate(Migrations::new([USERS, ERASED_USERS])).await?;
    Ok(schema)
}

async fn begin(schema: &Schema) -> anyhow::Result<AsyncPgConnection> {
    let mut connection = AsyncPgConnection::establish(schema.url()).await?;
    connection.batch_execute("BEGIN").await?;
    Ok(connection)
}

/// Waits until a session waits for a row that another one has locked.
async fn one_waits(schema: &Schema) -> anyhow::Result<()> {
    let waiting = "SELECT count(*) FROM pg_stat_activity
        WHERE application_name = current_setting('application_name') AND wait_event_type = 'Lock'";
    schema.until(waiting, 1).await
}

#[tokio::test]
async fn a_caller_who_waits_while_the_user_is_barred_is_refused() -> anyhow::Result<()> {
    let schema = roll().await?;
    for is_known in [true, false] {
        let user = Uuid::new_v4();
        if is_known {
            assert!(roll::enrol(&mut AsyncPgConnection::establish(schema.url()).await?, user).await?);
        }
        let (mut barring, mut calling) = (begin(&schema).await?, begin(&schema).await?);
        assert_eq!(roll::bar(&mut barring, user).await?, is_known);
        let (enrolled, barred) = tokio::join!(roll::enrol(&mut calling, user), async {
            one_waits(&schema).await?;
            anyhow::Ok(barring.batch_execute("COMMIT").await?)
        });
        barred?;
        assert!(!enrolled?, "known: {is_known}");
    }
    Ok(())
}

#[tokio::test]
async fn a_bar_waits_for_who_adds_the_user() -> anyhow::Result<()> {
    let (schema, user) = (roll().await?, Uuid::new_v4());
    let (mut calling, mut barring) = (begin(&schema).await?, begin(&schema).await?);
    assert!(roll::enrol(&mut calling, user).await?);
    let (barred, committed) = tokio::join!(roll::bar(&mut barring, user), async {
        one_waits(&schema).await?;
        anyhow::Ok(calling.batch_execute("COMMIT").await?)
    });
    committed?;
    assert!(barred?, "rows may refer to the user");
    Ok(())
}

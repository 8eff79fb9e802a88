//! Waiting with a deadline.

use std::time::Duration;

use super::eventually;

const DEADLINE: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(20);

#[tokio::test]
async fn it_looks_until_it_sees() {
    let mut looks = 0;
    let seen = eventually(DEADLINE, "the third look", async || {
        looks += 1;
        (looks == 3).then_some("it")
    });
    assert_eq!(seen.await, "it");
    assert_eq!(looks, 3);
}

#[tokio::test]
async fn a_bool_is_enough() {
    let mut looks = [false, true].into_iter();
    eventually(DEADLINE, "the second look", async || looks.next().unwrap()).await;
    assert_eq!(looks.next(), None);
}

#[tokio::test]
#[should_panic(expected = "in vain for the moon")]
async fn it_gives_up_at_the_deadline_and_says_on_what() {
    eventually(SHORT, "the moon", async || false).await;
}

#[tokio::test]
#[should_panic(expected = "in vain for an answer")]
async fn a_look_that_never_ends_is_cut_off() {
    eventually(SHORT, "an answer", async || {
        std::future::pending::<bool>().await
    })
    .await;
}
